"""No field of any list takes more statements for more rows: every list of the schema, with each field of its items.

The documents are generated from the schema with all sample plugins, so that a new list or field is measured as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_membership, make_operator, make_token
from tests.sdk.changes_of_others import PLUGINS, SYSTEM
from webnet.accounts import invitations
from webnet.api.http.kept_answers import kept_answers
from webnet.api.paging import pages
from webnet.api.resolvers import listings
from webnet.api.resolvers.contributions import models_of
from webnet.api.schema import full_schema
from webnet.customers.access import Role
from webnet.customers.models import Customer, User
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig, PluginHealth
from webnet.plugins.registry import registry
from webnet.sdk.trial.rows import RowMaker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Of what fields require; one with another required argument is not read, and named in the test.
ARGUMENTS = {
    "customer": '"acme"',
    "slug": '"acme"',
    "plugin": '"shelf"',
    "name": '"shelf"',
    "action": "DISABLE",
    "by": "1",
}
PAGE = "first: 50"
DEEPEST = 4
# Fields that fail on purpose, wait, or run on threads of their own; and those of one object, found by an id.
LEFT_OUT = {"broken", "stuck", "dashboardWidgets", "node"}

# Reads the state of every customer.
WARM = "{ customers(first: 100) { edges { node { pluginConfigs { edges { node { effective } } } } } } }"

Wrap = Callable[[str], str]


@dataclass(frozen=True)
class Place:
    """A type, and how a document gets to it."""

    kind: Any
    wrap: Wrap
    depth: int
    is_in_list: bool


def generate(schema: GraphQLSchema) -> dict[str, str]:
    """Documents for each item of a list: all plain values together, and each other field alone.

    Alone, since what one field reads may spare another one its statements.
    """
    documents = {}
    for place in find_lists(schema):
        documents[f"{place.kind.name}: values"] = place.wrap(plain_fields(place.kind))
        for name, field in place.kind.fields.items():
            if not is_leaf_type(get_named_type(field.type)) and (selected := select(name, field)):
                documents[f"{place.kind.name}.{name}"] = place.wrap(selected)
    return documents


def find_lists(schema: GraphQLSchema) -> Iterator[Place]:
    """Each type that is the item of a list or a connection, by the shortest way from the root."""
    found: set[str] = set()
    waiting = deque([Place(schema.query_type, lambda inner: f"{{ {inner} }}", 0, is_in_list=False)])
    while waiting:
        place = waiting.popleft()
        if place.is_in_list:
            if place.kind.name in found:
                continue
            found.add(place.kind.name)
            yield place
        if place.depth < DEEPEST:
            waiting.extend(go_below(place))


def go_below(place: Place) -> Iterator[Place]:
    for name, field in place.kind.fields.items():
        called, kind = call(name, field), get_named_type(field.type)
        if called is None or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        is_list = is_list_type(get_nullable_type(field.type))
        item, opened, closed = kind, "{", "}"
        if kind.name.endswith("Connection"):
            item = get_named_type(get_named_type(kind.fields["edges"].type).fields["node"].type)
            is_list, opened, closed = True, "{ edges { node {", "} } }"
        if not isinstance(item, GraphQLObjectType | GraphQLInterfaceType):
            continue

        def wrap(inner: str, *, start: str = f"{called} {opened}", end: str = closed) -> str:
            return place.wrap(f"{start} {inner} {end}")

        yield Place(item, wrap, place.depth + 1, is_in_list=place.is_in_list or is_list)


def select(name: str, field: GraphQLField) -> str | None:
    """The field with all plain values below it; None if it can't be asked for."""
    called, kind = call(name, field), get_named_type(field.type)
    if called is None or is_leaf_type(kind):
        return called
    if getattr(kind, "name", "").endswith("Connection"):
        item = get_named_type(get_named_type(kind.fields["edges"].type).fields["node"].type)
        return f"{called} {{ pageInfo {{ hasNextPage }} edges {{ cursor node {{ {plain_fields(item)} }} }} }}"
    return f"{called} {{ {plain_fields(kind)} }}"


def plain_fields(kind: Any) -> str:
    fields = getattr(kind, "fields", {})  # a union has none
    names = [name for name, field in fields.items() if is_leaf_type(get_named_type(field.type)) and call(name, field)]
    return " ".join(["__typename", *(call(name, fields[name]) for name in names)])


def call(name: str, field: GraphQLField) -> str | None:
    """The field with its arguments; None if it needs one that is not known here."""
    needed = [each for each, argument in field.args.items() if is_required_argument(argument)]
    if name in LEFT_OUT or any(each not in ARGUMENTS for each in needed):
        return None
    given = [f"{each}: {ARGUMENTS[each]}" for each in needed]
    given += [PAGE] if "first" in field.args else []
    return f"{name}({', '.join(given)})" if given else name


@dataclass
class World:
    """Rows of everything, that can become more."""

    rows: RowMaker
    customers: list[Customer]
    people: list[User]

    def grow(self, *, customers: int, rows: int) -> None:
        """So many customers more, and in each, old or new, so many rows more of everything."""
        for _ in range(customers):
            customer = make_customer(f"customer-{len(self.customers)}")
            self.customers.append(customer)
            make_membership(self.people[0], customer, Role.ADMIN)
            for plugin in PLUGINS:
                manager.enable(plugin, actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        models = dict.fromkeys(model for name in PLUGINS for model in models_of(registry.get(name)))
        for customer in self.customers:
            for model in models:
                self.rows.make(model, customer, rows=rows)
            for _ in range(rows):
                self.add_one_of_each(customer)

    def add_one_of_each(self, customer: Customer) -> None:
        """A member, an invitation, a token, a check, a change of settings, and their rows in the audit log."""
        user = make_member(f"user-{len(self.people)}", customer, Role.OPERATOR)
        self.people.append(user)
        make_token(self.people[0], name=f"token-{len(self.people)}", only_customer=customer)
        address = f"i{len(self.people)}@example.com"
        invitations.invite(actor=SYSTEM, customer=customer.slug, role=Role.VIEWER, email=address)
        patch = {"limit": len(self.people)}
        manager.update_settings("shelf", actor=SYSTEM, customer=customer.slug, patch=patch)
        manager.update_settings("shelf", actor=SYSTEM, patch=patch)
        for plugin in PluginConfig.objects.filter(name__in=PLUGINS):
            for owner in (customer, None):
                checks = PluginHealth.objects.filter(plugin=plugin, customer=owner)
                checks.update(is_latest=False)
                checks.create(plugin=plugin, customer=owner, status="healthy", checked_at=timezone.now(), duration_ms=1)


@pytest.fixture
def world(settings: Any) -> Iterator[World]:
    """Two customers with one row of everything, or a few."""
    settings.WEBNET_BUDGET_POINTS_PLATFORM = settings.WEBNET_BUDGET_POINTS_ADMIN = 10**12
    settings.WEBNET_USER_POINTS_PER_MINUTE = settings.WEBNET_TOKEN_POINTS_PER_MINUTE = 0
    settings.WEBNET_ADDRESS_POINTS_PER_MINUTE = 0
    manager.sync(actor=SYSTEM)
    for plugin in PLUGINS:
        manager.enable(plugin, actor=SYSTEM, with_dependencies=True)
    acme = make_customer("acme")
    for plugin in PLUGINS:
        manager.enable(plugin, actor=SYSTEM, customer="acme", with_dependencies=True)
    made = World(rows=RowMaker(), customers=[acme], people=[make_member("ann", acme, Role.ADMIN)])
    made.grow(customers=1, rows=2)
    yield made
    effective.platforms.clear()
    effective.customers.clear()


def measure(clients: dict[str, GraphQLClient], documents: dict[str, str]) -> dict[tuple[str, str], int]:
    """The statements of each document as each of these viewers, without those that read the plugins' state."""
    found = {}
    for who, client in clients.items():
        client.data(WARM)
        for place, query in documents.items():
            kept_answers.clear()
            with CaptureQueriesContext(connection) as statements:
                answer = client.run(query)
            assert "data" in answer, (query, answer)
            found[who, place] = len(statements)
    return found


def test_no_field_of_a_list_takes_more_statements_for_more_rows(world: World) -> None:
    clients = {
        "platform": GraphQLClient.of(make_operator("platform")),
        "admin": GraphQLClient.of(world.people[0], view="acme"),
    }
    documents = generate(full_schema().schema.graphql)
    few = measure(clients, documents)

    world.grow(customers=2, rows=3)

    many = measure(clients, documents)
    grown = {key: (few[key], many[key], documents[key[1]]) for key in few if many[key] > few[key]}
    assert grown == {}
    assert len(documents) > 80


def test_where_the_optimizer_is_not_asked_it_would_have_changed_nothing(world: World) -> None:
    clients = {"platform": GraphQLClient.of(make_operator("platform"))}
    documents = generate(full_schema().schema.graphql)
    found = measure(clients, documents)

    with pytest.MonkeyPatch.context() as patched:
        for module in (pages, listings):
            patched.setattr(module, "may_be_optimized", lambda _: True)
        asked = measure(clients, documents)

    assert found == asked
