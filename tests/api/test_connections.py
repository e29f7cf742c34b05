"""Pages: whichever way a list is walked, every row comes once, in order."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.api.client import GraphQLClient
from tests.api.plugins import numbered
from tests.factories import make_customer, make_operator
from tests.plugins.audit_logs import write_rows
from webnet.api.declarations.connections import ConnectionField
from webnet.api.paging import cursors
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import strawberry_field
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
COUNT = 7
NAMES = ["Beta", "Alpha", "Beta", "Gamma", "Alpha", "beta", "Beta"]


@pytest.fixture
def client() -> GraphQLClient:
    """Seven customers, several of the same name; an audit row each."""
    write_rows(COUNT, customers=[make_customer(f"c{number}", name=name) for number, name in enumerate(NAMES)])
    return GraphQLClient.of(make_operator())


QUERIES = {
    "customers by slug": ("customers", "", "slug"),
    "customers by name": ("customers", "order: [{field: NAME}]", "slug"),
    "customers by name, backwards": ("customers", "order: [{field: NAME, direction: DESC}]", "slug"),
    "customers by name and slug": (
        "customers",
        "order: [{field: NAME}, {field: SLUG, direction: DESC}, {field: NAME, direction: DESC}]",
        "slug",
    ),
    "audit rows": ("pluginAuditLogs", "", "id"),
}


class Walk:
    """One list and the ways to walk it."""

    def __init__(self, client: GraphQLClient, name: str) -> None:
        self.client = client
        self.field, self.arguments, self.key = QUERIES[name]

    def page(self, **asked: Any) -> dict[str, Any]:
        query = f"""query($first: Int, $after: String, $last: Int, $before: String) {{
            {self.field}({self.arguments} first: $first, after: $after, last: $last, before: $before) {{
                edges {{ cursor node {{ {self.key} }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"""
        return self.client.data(query, **asked)[self.field]

    def keys(self, page: dict[str, Any]) -> list[str]:
        return [edge["node"][self.key] for edge in page["edges"]]

    def all(self) -> list[str]:
        return self.keys(self.page())


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_forwards_hold_every_row_once_in_order(client, name, size):
    walk = Walk(client, name)
    found, after, has_next = [], None, True

    while has_next:
        page = walk.page(first=size, after=after)
        info = page["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        assert info["startCursor"] == page["edges"][0]["cursor"]
        found += walk.keys(page)
        after, has_next = info["endCursor"], info["hasNextPage"]

    assert found == walk.all()
    assert len(set(found)) == COUNT


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_backwards_hold_every_row_once_in_order(client, name, size):
    walk = Walk(client, name)
    found, before, has_previous = [], None, True

    while has_previous:
        page = walk.page(last=size, before=before)
        info = page["pageInfo"]
        assert info["hasNextPage"] is (before is not None)
        assert info["endCursor"] == page["edges"][-1]["cursor"]
        found = walk.keys(page) + found
        before, has_previous = info["startCursor"], info["hasPreviousPage"]

    assert found == walk.all()


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.slow
def test_every_stretch_between_two_cursors(client, name):
    walk = Walk(client, name)
    edges = walk.page()["edges"]
    keys = walk.all()

    for start in range(COUNT):
        for end in range(COUNT):
            page = walk.page(after=edges[start]["cursor"], before=edges[end]["cursor"])
            assert walk.keys(page) == keys[start + 1 : end]
            assert page["pageInfo"]["hasPreviousPage"] is True
            assert page["pageInfo"]["hasNextPage"] is False


def test_cursor_outlives_its_row(client):
    walk = Walk(client, "customers by name")
    keys = walk.all()
    cursor = walk.page(first=3)["pageInfo"]["endCursor"]

    Customer.objects.get(slug=keys[2]).delete()

    assert walk.keys(walk.page(after=cursor)) == keys[3:]
    assert walk.page(after=cursor)["pageInfo"]["hasPreviousPage"] is True


def test_first_page_of_nothing(client):
    page = client.data('{ customers(filter: {slug: ["none"]}) { totalCount edges { cursor } pageInfo { hasNextPage '
                       "hasPreviousPage startCursor endCursor } } }")["customers"]  # fmt: skip

    info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert page == {"totalCount": 0, "edges": [], "pageInfo": info}


def test_first_zero_is_an_empty_page_with_more_to_come(client):
    page = Walk(client, "customers by slug").page(first=0)

    assert page["edges"] == []
    assert page["pageInfo"]["hasNextPage"] is True


def cursor_of(order: str, *place: Any, view: str = "") -> str:
    return cursors.seal(place, view=view, order=order)


def unsealed(*place: Any) -> str:
    """As cursors were before they were sealed."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "garbage",
        "",
        "é",
        "AAAA",
        "A" * 100_000,
        unsealed("name,slug", "Beta", "c1"),
        cursor_of("name,slug"),
        cursor_of("slug", "c1"),
        cursor_of("name,slug", "Beta"),
        cursor_of("name,slug", "Beta", 7),
        cursor_of("name,slug", "Beta", None),
        cursor_of("name,slug", "Beta", ["c1"]),
        cursor_of("name,slug", "Beta", "\0"),
        cursor_of("-name,slug", "Beta", "c1"),
        cursor_of("name,slug", "Beta", "c1", view="c1"),
    ],
)
@pytest.mark.parametrize("argument", ["after", "before"])
def test_what_is_no_cursor_of_this_list_is_refused(client, cursor, argument):
    query = f"query($c: String) {{ customers(order: [{{field: NAME}}], {argument}: $c) {{ edges {{ cursor }} }} }}"

    assert client.code(query, c=cursor) == "BAD_CURSOR"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, True, 1.5, "1", None])
def test_what_is_no_position_is_refused(client, value):
    query = "query($c: String) { pluginAuditLogs(after: $c) { edges { cursor } } }"

    assert client.code(query, c=cursor_of("-position", value, "0" * 64)) == "BAD_CURSOR"


@pytest.mark.parametrize("arguments", ["first: -1", "last: -1", "first: 1, last: 1"])
def test_impossible_page_is_refused(client, arguments):
    assert client.code(f"{{ customers({arguments}) {{ edges {{ cursor }} }} }}") == "BAD_PAGE"


@pytest.mark.slow
class TestSizes:
    @pytest.fixture
    def client(self, install) -> GraphQLClient:
        """More plugins than a page can hold, each with a choice of one customer."""
        install(*numbered(101), enabled=True)
        make_customer("acme")
        return GraphQLClient.of(make_operator())

    def test_page_is_50_unless_asked_otherwise_and_never_more_than_100(self, client):
        expected = {
            "": 50,
            "(first: null)": 50,
            "(first: null, last: null)": 50,
            "(last: null)": 50,
            "(first: 10)": 10,
            "(first: 100)": 100,
            "(first: 1000)": 100,
            "(first: 2147483647)": 100,
            "(last: 1000)": 100,
        }

        pages = {
            arguments: client.data(f"{{ plugins{arguments} {{ totalCount edges {{ cursor }} }} }}")["plugins"]
            for arguments in expected
        }

        assert {arguments: len(page["edges"]) for arguments, page in pages.items()} == expected
        assert {page["totalCount"] for page in pages.values()} == {101}

    def test_nested_too(self, client):
        write_rows(101, customers=[Customer.objects.get(slug="acme")])
        expected = {"": 50, "(first: null)": 50, "(first: 1000)": 100}

        counts = {}
        for arguments in expected:
            query = f'{{ customer(slug: "acme") {{ auditLogs{arguments} {{ edges {{ cursor }} }} }} }}'
            counts[arguments] = len(client.data(query)["customer"]["auditLogs"]["edges"])

        assert counts == expected


class TestNested:
    """Pages inside of many rows are those of each row alone."""

    @pytest.fixture
    def client(self, install) -> GraphQLClient:
        install(*numbered(4), enabled=True)
        for customer in range(5):
            make_customer(f"c{customer}")
            for plugin in range(customer % 4 + 1):
                manager.enable(f"plugin_{plugin:03}", actor=SYSTEM, customer=f"c{customer}")
        return GraphQLClient.of(make_operator())

    @pytest.mark.parametrize("arguments", ["", "first: 1", "last: 2", "first: 0", "filter: {action: []}", "first: 100"])
    def test_nested_pages_equal_pages_alone(self, client, arguments):
        field = f"auditLogs({arguments})" if arguments else "auditLogs"
        selection = f"{field} {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage }} }}"
        slugs = [f"c{number}" for number in range(5)]

        nested = client.data(f"{{ customers {{ edges {{ node {{ {selection} }} }} }} }}")["customers"]["edges"]
        alone = [client.data(f'{{ customer(slug: "{slug}") {{ {selection} }} }}')["customer"] for slug in slugs]

        assert [edge["node"] for edge in nested] == alone

    def test_nested_cursors_go_on_in_each_row(self, client):
        query = """query($after: String) { plugins { edges { node { customerConfigs(first: 1, after: $after) {
            totalCount edges { cursor node { customer { slug } } } pageInfo { hasPreviousPage hasNextPage } } } } } }"""
        first = [edge["node"]["customerConfigs"] for edge in client.data(query)["plugins"]["edges"]]
        cursor = first[0]["edges"][0]["cursor"]

        then = [edge["node"]["customerConfigs"] for edge in client.data(query, after=cursor)["plugins"]["edges"]]

        assert [page["totalCount"] for page in then] == [5, 3, 2, 1]
        assert [slug_of(page) for page in first] == ["c0", "c1", "c2", "c3"]
        assert [slug_of(page) for page in then] == ["c1", "c1", "c2", "c3"]
        assert [page["pageInfo"]["hasPreviousPage"] for page in then] == [True, False, False, False]

    def test_two_pages_of_one_row_under_two_names(self, client):
        data = client.data(
            '{ customer(slug: "c3") { new: auditLogs(first: 1) { edges { cursor } } old: auditLogs(last: 1) '
            "{ edges { cursor } } } }"
        )["customer"]

        assert data["new"] != data["old"]


def slug_of(page: dict[str, Any]) -> str:
    return page["edges"][0]["node"]["customer"]["slug"]


@pytest.mark.parametrize("arguments", ["", "(first: 3)", "(last: 3)", "(first: 0)", '(filter: {search: "alpha"})'])
def test_nodes_are_the_rows_of_the_edges(client, arguments):
    query = f"""{{ customers{arguments} {{ nodes {{ slug }} again: nodes {{ ...Name }} ...Edges }} }}
        fragment Edges on CustomerConnection {{ edges {{ node {{ slug name }} }} nodes {{ id }} }}
        fragment Name on Customer {{ name }}"""

    page = client.data(query)["customers"]

    rows = [edge["node"] for edge in page["edges"]]
    assert [{"slug": each["slug"]} for each in page["nodes"]] == [{"slug": row["slug"]} for row in rows]
    assert page["again"] == [{"name": row["name"]} for row in rows]
    assert all(each["id"] for each in page["nodes"])


class TestKeysetSql:
    def test_deep_page_is_found_by_the_index(self, client):
        from django.db import connection

        from webnet.api.resolvers.orders import AUDIT_LOGS
        from webnet.audit.models import PluginAuditLog

        rows = PluginAuditLog.objects.filter(AUDIT_LOGS.beyond([5])).order_by(*AUDIT_LOGS.terms())[:50]
        plan = rows.explain()

        assert connection.vendor != "sqlite" or ("SEARCH" in plan and "TEMP B-TREE" not in plan), plan


def test_cursors_that_nobody_asks_for_are_not_sealed(client, monkeypatch):
    sealed = []
    seal = cursors.seal

    def note(*args, **options):
        sealed.append(args)
        return seal(*args, **options)

    monkeypatch.setattr(cursors, "seal", note)

    client.data("{ customers { edges { node { slug } } } }")
    unasked = len(sealed)
    client.data("{ customers { edges { node { slug } } pageInfo { endCursor } } }")

    assert (unasked, len(sealed)) == (0, 1)


def test_what_a_connection_takes_is_found_out_once():
    """Strawberry asks at each request, and resolves the annotation of an argument whenever its type is read."""
    fields = full_schema().schema.graphql.query_type.fields.values()
    connections = [each for field in fields if isinstance(each := strawberry_field(field), ConnectionField)]

    assert len(connections) > 4
    for each in connections:
        assert each.arguments is each.arguments
        assert [argument.type for argument in each.arguments] == [argument.type for argument in each.arguments]
        assert all(argument.type is argument.type for argument in each.arguments)
