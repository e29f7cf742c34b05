"""A plugin's streams: of this customer's rows, for those with the permission."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import RequestFactory

from tests.factories import make_token
from tests.sdk.conftest import SYSTEM
from webnet.api.request.context import Context
from webnet.api.schema import full_schema
from webnet.customers.models import Role, User
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)


def follow(who, view, query="subscription { shelfNames }", between=lambda: None):
    """What the stream sends until its end: data, or codes of errors; `between` happens after each event."""

    def make_context():
        token = make_token(User.objects.get(username=who), name=f"stream {view}")
        request = RequestFactory().get("/graphql/", headers={"Authorization": f"Bearer {token}"})
        return Context(request=request, customer_slug=view)

    async def run():
        try:
            return await listen()
        finally:
            await sync_to_async(connections.close_all)()  # its thread stays, and would keep the test database busy

    async def listen():
        stream = await full_schema().schema.subscribe(query, context_value=await sync_to_async(make_context)())
        sent = []
        async for each in stream:
            sent.append((each.data, [type(error.original_error).__name__ for error in each.errors or ()]))
            await sync_to_async(between)()
        return sent

    return asyncio.run(run())


def test_it_streams_the_rows_of_the_view(world):
    sent = follow("acme-operator", "acme")

    assert sent == [({"shelfNames": f"acme-shelf-{number}"}, []) for number in range(2)]


def test_without_the_permission_it_does_not_begin(world):
    ((data, errors),) = follow("acme-viewer", "acme")

    assert data is None and errors == ["PermissionDenied"]


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_permission_that_is_taken_ends_it_with_the_next_event(world, is_taken):
    def take():
        manager.set_permission("shelf.arrange", actor=SYSTEM, customer="acme", role=Role.OPERATOR, granted=not is_taken)

    sent = follow("acme-operator", "acme", between=take)

    (first, second) = sent
    assert first == ({"shelfNames": "acme-shelf-0"}, [])
    assert second == ((None, ["PermissionDenied"]) if is_taken else ({"shelfNames": "acme-shelf-1"}, []))
