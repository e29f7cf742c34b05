"""A plugin's streams: of this customer's rows, for those with the permission."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.test import RequestFactory

from tests.factories import make_token
from webnet.api.context import Context
from webnet.api.schema import full_schema
from webnet.customers.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def follow(who, view, query="subscription { shelfNames }"):
    """What the stream sends until its end: data, or codes of errors."""

    def make_context():
        token = make_token(User.objects.get(username=who), name=f"stream {view}")
        request = RequestFactory().get("/graphql/", headers={"Authorization": f"Bearer {token}"})
        return Context(request=request, customer_slug=view)

    async def run():
        stream = await full_schema().schema.subscribe(query, context_value=await sync_to_async(make_context)())
        return [(each.data, [type(e.original_error).__name__ for e in each.errors or ()]) async for each in stream]

    return asyncio.run(run())


def test_it_streams_the_rows_of_the_view(world):
    sent = follow("acme-operator", "acme")

    assert sent == [({"shelfNames": f"acme-shelf-{number}"}, []) for number in range(2)]


def test_without_the_permission_it_does_not_begin(world):
    ((data, errors),) = follow("acme-viewer", "acme")

    assert data is None and errors == ["PermissionDenied"]
