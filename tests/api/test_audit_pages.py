"""Pages of the log that nothing filters are read by a statement of their own, with the columns that are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql import get_named_type, is_leaf_type

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_rows
from webnet.api.resolvers import listings
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import strawberry_field
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Role

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = """query($first: Int, $after: String, $last: Int, $before: String) {
  pluginAuditLogs(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { %s } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
NODES = "{ pluginAuditLogs { edges { node { %s } } } }"
ROWS = 9
KIND = full_schema().schema.graphql.type_map["PluginAuditLog"]
LEAVES = [name for name, field in KIND.fields.items() if is_leaf_type(get_named_type(field.type))]
OBJECTS = {"user": "username name email id", "plugin": "name", "customer": "slug"}
FIELDS = [*LEAVES, *(f"{name} {{ {below} }}" for name, below in OBJECTS.items())]
ALWAYS = {"position", "hash", "actor_id", "customer_id", "plugin_name"}
WHOLE = {field.attname for field in PluginAuditLog._meta.concrete_fields} - {"text"}


@pytest.fixture
def clients() -> dict[str, GraphQLClient]:
    """Those who may read the log, which has rows of both customers and of the platform, with people behind them."""
    acme, globex = make_customer("acme"), make_customer("globex")
    ada = make_member("ada", acme, Role.OPERATOR)
    bob = make_member("bob", acme, Role.ADMIN)
    platform = make_operator("platform")
    write_rows(ROWS, customers=[acme, None, globex], people=[ada, bob, platform])
    return {
        "platform": GraphQLClient.of(platform),
        "platform at acme": GraphQLClient.of(platform, view="acme"),
        "admin": GraphQLClient.of(bob, view="acme"),
        "operator": GraphQLClient.of(ada, view="acme"),
    }


@contextmanager
def read_by_django() -> Iterator[None]:
    """The pages as a queryset reads them, as those with a filter are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(listings, "may_be_optimized", lambda _: True)
        yield


def statements_of(client: GraphQLClient, document: str, **variables: Any) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        client.data(document, **variables)
    return [query["sql"] for query in asked]


def columns_read(client: GraphQLClient, document: str) -> set[str]:
    """The columns of the log in the one statement that reads rows of it."""
    (sql,) = [each for each in statements_of(client, document) if 'l."position"' in each]
    return set(re.findall(r'l\."(\w+)"', sql.partition(" FROM ")[0]))


def test_the_fields_here_are_all_that_the_type_has():
    assert set(KIND.fields) == {*LEAVES, *OBJECTS}


@pytest.mark.slow
def test_each_way_through_the_log_shows_what_a_queryset_shows(clients):
    document = PAGE % " ".join(FIELDS)
    for who, client in clients.items():
        cursors = [edge["cursor"] for edge in client.data(document)["pluginAuditLogs"]["edges"]]
        ways = [{}, {"first": 2}, {"last": 2}, {"first": 0}]
        ways += [{"first": size, "after": cursor} for size in (1, 100) for cursor in cursors]
        ways += [{"last": size, "before": cursor} for size in (1, 100) for cursor in cursors]
        ways += [{"first": 2, "before": cursors[1]}, {"last": 2, "after": cursors[1]}]
        ways += [{"first": 2, "after": cursors[0], "before": cursors[-1]}]
        for way in ways:
            found = client.data(document, **way)
            with read_by_django():
                assert found == client.data(document, **way), (who, way)
        assert len(cursors) == (ROWS if who == "platform" else ROWS // 3)


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_reads_a_column_that_was_left_out(clients, field):
    for client in clients.values():
        client.data(NODES % field)  # Reads the plugins' state, which is kept.
        found = len(statements_of(client, NODES % field))

        with read_by_django():
            assert found == len(statements_of(client, NODES % field))


def test_only_the_columns_are_read_that_the_fields_need(clients):
    client = clients["platform"]

    assert columns_read(client, NODES % "action") == ALWAYS | {"action"}
    assert columns_read(client, NODES % "__typename") == ALWAYS
    assert columns_read(client, NODES % "id a: after b: reason") == ALWAYS | {"chain", "sequence", "after", "reason"}
    assert columns_read(client, NODES % "... { action ... on Node { id } }") == ALWAYS | {"action", "chain", "sequence"}
    assert columns_read(client, f"{NODES % '...Row'} fragment Row on PluginAuditLog {{ role }}") == ALWAYS | {"role"}
    assert columns_read(client, NODES % " ".join(FIELDS)) == WHOLE - {"customer_slug"}


def test_all_edges_of_a_document_count(clients):
    document = """{ pluginAuditLogs { edges { node { action } } ...More edges { node { role } cursor } } }
      fragment More on PluginAuditLogConnection { edges { ... { node { reason } } } }"""

    assert columns_read(clients["platform"], document) == ALWAYS | {"action", "role", "reason"}


def test_nodes_count_as_edges_do(clients):
    document = """{ pluginAuditLogs { nodes { action } ...More a: nodes { sequence } edges { node { role } } } }
      fragment More on PluginAuditLogConnection { nodes { ... { reason } } }"""

    found = columns_read(clients["platform"], document)

    assert found == ALWAYS | {"action", "reason", "sequence", "role"}
    assert columns_read(clients["platform"], "{ pluginAuditLogs { nodes { action } } }") == ALWAYS | {"action"}


def test_a_field_that_declares_nothing_may_read_all(clients, monkeypatch):
    reason = strawberry_field(KIND.fields["reason"])
    monkeypatch.setattr(reason, "metadata", {})

    assert columns_read(clients["platform"], NODES % "action reason") == WHOLE
    assert columns_read(clients["platform"], NODES % "action") == ALWAYS | {"action"}


def test_of_the_users_of_a_page_what_any_field_of_the_document_asks_for_is_read(clients):
    assert user_columns_read(clients["admin"], NODES % "user { username }") == {"id", "username"}
    spread = f"{NODES % 'user { ...Who }'} fragment Who on User {{ name }}"
    assert user_columns_read(clients["admin"], spread) == {"id", "name", "username"}
    # The same users, from another place: each of them is read once, with all that is asked for.
    twice = "{ a: pluginAuditLogs { nodes { user { id } } } b: pluginAuditLogs { nodes { user { email } } } }"
    assert user_columns_read(clients["admin"], twice) == {"id", "email"}


def user_columns_read(client, document):
    (sql,) = [each for each in statements_of(client, document) if 'FROM "customers_user" u' in each]
    return set(re.findall(r'u\."(\w+)"', sql.partition(" FROM ")[0]))
