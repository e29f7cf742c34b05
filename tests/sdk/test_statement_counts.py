"""The SQL of a plugin's nested query grows with what is asked for, not with rows, plugins or customers."""

from __future__ import annotations

from secrets import token_hex

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from shelf.models import Book, Shelf

from tests.factories import make_customer, make_membership, make_token
from tests.sdk.conftest import SYSTEM, fill
from webnet.api.request.context import Context
from webnet.api.schema import full_schema
from webnet.api.visibility import schema_without
from webnet.api.vocabulary.node import global_id
from webnet.customers.models import User
from webnet.plugins.manager import manager
from webnet.sdk.graphql import connections, relations

pytestmark = pytest.mark.django_db(transaction=True)

NESTED = """{ allShelves(first: 100) { totalCount edges { node { ...S } } } }
fragment S on Shelf {
  name bookCount labels { text shelf { name } } customer { name }
  books { ...B } volumes(first: 3, order: [{field: PAGES}]) { totalCount edges { node { ...B } } } }
fragment B on Book { title genre { name } shelf { name customer { slug } } }"""
PER_CUSTOMER = """{ customers(first: 100) { edges { node {
  slug viewerPermissions shelfCount auditedShelfCount
  shelves { totalCount edges { node { name books { title } bookCount } } } } } } }"""
PAGES = """{ shelves { ...S } }
fragment S on Shelf { name volumes(first: 2) { totalCount pageInfo { hasNextPage } edges { node { ...B } } } }
fragment B on Book { title shelf { name volumes(first: 1) { edges { node { title genre { name } } } } } }"""
HOST = """{ plugins(first: 100) { edges { node { ...P } } } customers { edges { node { ...C } } } }
fragment P on Plugin { name dependencies { plugin { name } } customerConfigs { edges { node { effective } } } }
fragment C on Customer { slug shelfCount pluginConfigs { edges { node { plugin { name } effective } } } }"""
NODE = """query($id: ID!) { node(id: $id) { ...S } }
fragment S on Shelf { name books { ...B } labels { text } volumes { edges { node { ...B } } } }
fragment B on Book { title genre { name } shelf { name } }"""


AS_NODES = """query($ids: [ID!]!) { nodes(ids: $ids) { ...S ... on Customer { shelfCount } } }
fragment S on Shelf { name books { ...B } labels { text } volumes { edges { node { ...B } } } }
fragment B on Book { title genre { name } shelf { name } }"""


def count(client, query, **variables):
    """The statements of the second of two equal requests."""
    client.run(query, **variables)
    with CaptureQueriesContext(connection) as statements:
        answer = client.run(query, **variables)
    assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= {"PERMISSION_MISSING"}
    return len(statements)


@pytest.mark.slow
def test_it_does_not_grow_with_rows(world):
    client = world.client("acme-viewer", "acme")
    few = count(client, NESTED)

    fill(world.acme, shelves=30, books=5)

    assert count(client, NESTED) == few <= 16


@pytest.mark.parametrize("query", [NESTED, PER_CUSTOMER])
@pytest.mark.slow
def test_it_does_not_grow_with_customers(world, query, settings):
    settings.WEBNET_BUDGET_POINTS_VIEWER = settings.WEBNET_BUDGET_POINTS_PLATFORM = 10**9
    both, platform = world.client("both"), world.client("platform")
    few = count(both, query), count(platform, query)

    for number in range(12):
        customer = make_customer(f"customer-{number}")
        make_membership(User.objects.get(username="both"), customer)
        manager.enable("labels", actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        fill(customer)

    assert (count(both, query), count(platform, query)) == few


def test_it_does_not_grow_with_plugins(world):
    """The same rows cost the same whether the other plugin is effective, hidden, or not there at all."""
    query = NESTED.replace("labels { text shelf { name } }", "")
    client = world.client("acme-viewer", "acme")
    with_both = count(client, query)

    manager.disable("labels", actor=SYSTEM, customer="acme")

    assert count(client, query) == with_both


def measure(schema, query, **variables):
    """(statements, data) of the query in this schema, whatever the customer's own is, as acme's viewer."""
    token = make_token(User.objects.get(username="acme-viewer"), name=f"token {token_hex(4)}")
    request = RequestFactory().get("/graphql/", headers={"Authorization": f"Bearer {token}"})
    context = Context(request=request, customer_slug="acme")
    assert "shelf" in context.reading.effective_plugins
    with CaptureQueriesContext(connection) as statements:
        result = schema.execute_sync(query, variable_values=variables, context_value=context)
    assert result.errors is None
    return len(statements), result.data


def test_the_shortcut_nodes_takes_as_many_as_edges(world):
    """Also with a relation in both, which is read once; what it selects of its own pages are other pages."""
    fill(world.acme, shelves=10)
    client = world.client("acme-viewer", "acme")
    edges = "{ allShelves { edges { node { %s } } } }"
    nodes = "{ allShelves { nodes { %s } } }"
    both = "{ allShelves { a: edges { node { name %s } } ...N } } fragment N on ShelfConnection { nodes { %s } }"
    paged = "books { title genre { name } } volumes(first: 3) { totalCount edges { node { title genre { name } } } }"
    related = "books { title genre { name } shelf { name } } labels { text }"

    assert count(client, nodes % paged) == count(client, edges % paged)
    assert count(client, nodes % paged.replace("edges { node { title genre { name } } }", "nodes { genre { name } }"))
    assert count(client, nodes % related) == count(client, edges % related) == count(client, both % (related, related))
    found = client.data(both % (related, related))["allShelves"]
    assert [{"name": each["node"]["name"], **row} for each, row in zip(found["a"], found["nodes"], strict=True)] == [
        each["node"] for each in found["a"]
    ]


def test_nodes_by_ids_take_as_many_as_one_of_each_type(world):
    fill(world.acme, shelves=30, books=2)
    client = world.client("acme-viewer", "acme")
    ids = world.ids(world.acme, Shelf)[:30]
    customer = global_id("Customer", "acme")

    assert count(client, AS_NODES, ids=[*ids, customer]) == count(client, AS_NODES, ids=[ids[0], customer]) <= 12
    assert [each["name"] for each in client.data(AS_NODES, ids=ids)["nodes"]] == [
        client.data(NODE, id=each)["node"]["name"] for each in ids
    ]


@pytest.mark.parametrize("query", [NESTED, NODE, PAGES, HOST], ids=["nested", "node", "pages", "host"])
def test_a_derived_schema_takes_as_many_as_the_full_one(world, query):
    """With fragments, relations, nested connections and `node`, and whatever else is hidden."""
    fill(world.acme, shelves=10)
    query = query.replace("labels { text shelf { name } }", "").replace("labels { text }", "")
    variables = {"id": world.ids(world.acme, Shelf)[0]} if query.startswith("query($id") else {}
    full = full_schema()
    derived = [schema_without(hidden) for hidden in ({"labels"}, full.owners.plugins - {"shelf"})]
    assert all(schema is not full.schema for schema in derived)

    expected = measure(full.schema, query, **variables)

    assert [measure(schema, query, **variables) for schema in derived] == [expected] * 2
    assert expected[0] <= 16


def test_a_mutations_payload_reads_its_rows_together(world):
    shelf = Shelf.objects.of(world.acme).first()
    for number in range(20):
        Book.objects.create(shelf=shelf, title=f"extra-{number}")
    book, target = world.ids(world.acme, Book)[0], world.ids(world.acme, Shelf)[0]
    client = world.client("acme-operator", "acme")
    selection = "beside { title genre { name } shelf { name } customer { slug } }"
    client.mutate("moveBook", selection, book=book, shelf=target)

    with CaptureQueriesContext(connection) as many:
        assert len(client.mutate("moveBook", selection, book=book, shelf=target)["beside"]) == 22
    Book.objects.filter(title__startswith="extra-1").delete()
    with CaptureQueriesContext(connection) as few:
        assert len(client.mutate("moveBook", selection, book=book, shelf=target)["beside"]) == 11

    assert len(many) == len(few)


def test_without_the_reading_together_it_would_grow(world, monkeypatch):
    """The negative control: rows that do not know of each other cost a statement each."""
    client = world.client("acme-viewer", "acme")
    query = "{ allShelves { edges { node { name volumes { edges { node { title } } } } } } }"
    together = count(client, query)
    fill(world.acme, shelves=10)
    assert count(client, query) == together

    monkeypatch.setattr(connections, "peers_of", lambda row: [row])
    monkeypatch.setattr(relations, "peers_of", lambda row: [row])

    assert count(client, query) >= together + 10
