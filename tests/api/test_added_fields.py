"""The gate before fields that a plugin adds to others' types, where the rest of the answer is asynchronous."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, GraphQLString

from tests.factories import make_customer, make_operator
from webnet.api.engine.ownership import Ownership
from webnet.api.execution.gated_fields import gate_added_fields
from webnet.api.request.reader import Reading
from webnet.customers.access import Actor
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


async def later(source, info):
    return f"shown of {source.slug}"


@pytest.mark.parametrize("resolve", [lambda source, info: f"shown of {source.slug}", later], ids=["sync", "async"])
def test_in_an_event_loop_the_database_is_asked_on_a_thread(resolve):
    manager.sync(actor=SYSTEM)
    manager.enable("shelf", actor=SYSTEM)
    acme, globex = make_customer("acme"), make_customer("globex")
    manager.enable("shelf", actor=SYSTEM, customer="acme")
    kind = GraphQLObjectType("Thing", {"added": GraphQLField(GraphQLString, resolve=resolve)})
    schema = GraphQLSchema(GraphQLObjectType("Query", {"thing": GraphQLField(kind)}))
    gate_added_fields(schema, Ownership(types={}, fields={("Thing", "added"): "shelf"}))
    operator = make_operator("platform")
    actor = Actor(name="platform", user_id=operator.pk, is_superuser=True)

    async def ask(customer):
        context = SimpleNamespace(reading=Reading(actor=actor, platform_token=None))
        return await kind.fields["added"].resolve(customer, SimpleNamespace(context=context))

    assert async_to_sync(ask)(acme) == "shown of acme"
    assert async_to_sync(ask)(globex) is None
