"""The lists of people, tokens and configs are pages like all others; every other list has a constant maximum."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from tests.api.client import GraphQLClient
from tests.api.plugins import numbered
from tests.docs.documents import ROOT, Document, code_spans
from tests.factories import make_customer, make_member, make_membership, make_operator, make_token
from webnet.api.declarations.fields import at_most, field, object_type
from webnet.api.declarations.sizes import MAXIMUM_REASONS, MAXIMUM_SETTINGS, MAXIMUM_VALUES
from webnet.api.engine.list_lengths import cut_lists, find_maximum
from webnet.api.strawberry_internals import graphql_schema_of
from webnet.api.visibility import visible_schema
from webnet.api.vocabulary.node import global_id
from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.plugins.gate.rules import CustomerState
from webnet.plugins.kernel.identity import MAXIMUM_DEPENDENCIES, MAXIMUM_KEYWORDS
from webnet.plugins.manager import MAXIMUM_BATCH, manager
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
COUNT = 7
# Where each list is, the arguments of its own, and what its rows are in the order of.
LISTS = {
    "configs": ("customer(slug: $customer)", "pluginConfigs", "", "plugin { name }"),
    "effective configs": ("customer(slug: $customer)", "pluginConfigs", "effective: true", "plugin { name }"),
    "members": ("customer(slug: $customer)", "members", "", "user { username }"),
    "memberships": ("viewer", "memberships", "", "customer { slug }"),
    "tokens": ("viewer", "apiTokens", "", "name"),
}


class Walk:
    """One of the lists, page by page."""

    def __init__(self, client: GraphQLClient, name: str) -> None:
        self.client = client
        self.parent, self.field, self.own, self.key = LISTS[name]

    def page(self, **asked: Any) -> Any:
        uses_customer = "$customer: String!, " if "$customer" in self.parent else ""
        query = f"""query({uses_customer}$first: Int, $after: String, $last: Int, $before: String) {{ {self.parent} {{
            {self.field}({self.own} first: $first, after: $after, last: $last, before: $before) {{
                totalCount edges {{ cursor node {{ id {self.key} }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"""
        given = asked | ({"customer": "c0"} if uses_customer else {})
        (parent,) = self.client.data(query, **given).values()
        return parent[self.field]

    def keys(self, page: Any) -> list[str]:
        return [key_of({name: value for name, value in edge["node"].items() if name != "id"}) for edge in page["edges"]]


def key_of(node: Any) -> str:
    while isinstance(node, dict):
        (node,) = node.values()
    return str(node)


@pytest.fixture
def client(install) -> GraphQLClient:
    """Seven of everything: plugins that are effective for `c0`, its members, the viewer's memberships and tokens."""
    install(*numbered(COUNT), enabled=True)
    customers = [make_customer(f"c{number}") for number in range(COUNT)]
    ann = make_member("ann", customers[0], Role.ADMIN)
    for number in range(1, COUNT):
        make_membership(ann, customers[number])
        # Not in the order of their names.
        make_member(f"member-{COUNT - number}", customers[0])
        make_token(ann, name=f"robot {COUNT - number}")
        manager.enable(f"plugin_{number:03}", actor=SYSTEM, customer="c0")
    manager.enable("plugin_000", actor=SYSTEM, customer="c0")
    return GraphQLClient.of(ann)


@pytest.mark.parametrize("name", LISTS)
def test_every_row_comes_once_in_order_whichever_way_the_list_is_walked(client, name):
    walk = Walk(client, name)
    whole = walk.page()
    keys = walk.keys(whole)
    assert keys == sorted(set(keys))
    assert len(keys) == COUNT

    for size in (1, 3, COUNT, COUNT + 1):
        forwards, backwards = list(walk_all(walk, size, "after")), list(walk_all(walk, size, "before"))

        assert [key for page in forwards for key in walk.keys(page)] == keys
        assert [key for page in reversed(backwards) for key in walk.keys(page)] == keys
        assert {page["totalCount"] for page in (*forwards, *backwards)} == {COUNT}
        assert [page["pageInfo"]["hasPreviousPage"] for page in forwards] == [number > 0 for number in each(forwards)]
        assert [page["pageInfo"]["hasNextPage"] for page in backwards] == [number > 0 for number in each(backwards)]

    first, last = (whole["edges"][place]["cursor"] for place in (0, -1))
    assert walk.keys(walk.page(after=first, before=last)) == keys[1:-1]
    assert walk.page(first=0)["pageInfo"]["hasNextPage"] is True


def each(pages: list[Any]) -> range:
    return range(len(pages))


def walk_all(walk: Walk, size: int, direction: str) -> Iterator[Any]:
    asked = {"first" if direction == "after" else "last": size}
    cursor, more = ("endCursor", "hasNextPage") if direction == "after" else ("startCursor", "hasPreviousPage")
    place: dict[str, Any] = {}
    # No more pages than there are rows, so that a walk on the spot ends.
    for _ in range(COUNT):
        page = walk.page(**asked, **place)
        yield page
        place = {direction: page["pageInfo"][cursor]}
        if not page["pageInfo"][more]:
            return


def test_cursors_belong_to_their_list_and_view(client):
    cursor = Walk(client, "members").page(first=1)["pageInfo"]["endCursor"]
    members = 'query($c: String) { customer(slug: "c0") { members(after: $c) { edges { cursor } } } }'
    configs = members.replace("members", "pluginConfigs")

    refused = [client.code(configs, c=cursor), client.at("c0").code(members, c=cursor), client.code(members, c="x")]

    assert refused == ["BAD_CURSOR"] * 3


def test_a_page_of_configs_has_50_of_101_plugins_unless_asked_otherwise(install):
    install(*numbered(101), enabled=True)
    make_customer("c0")
    walk = Walk(GraphQLClient.of(make_operator()), "configs")

    usual, largest = walk.page(), walk.page(first=1000)

    assert [len(page["edges"]) for page in (usual, largest)] == [50, 100]
    assert usual["totalCount"] == largest["totalCount"] == 101


def test_a_page_of_configs_reads_no_more_than_it_shows(install, monkeypatch):
    install(*numbered(COUNT), enabled=True)
    make_customer("c0")
    walk = Walk(GraphQLClient.of(make_operator()), "configs")
    read = []
    config = CustomerState.config
    monkeypatch.setattr(CustomerState, "config", lambda state, name: read.append(name) or config(state, name))

    walk.page(first=2)

    # One more than are shown, to see whether there are more.
    assert read == ["plugin_000", "plugin_001", "plugin_002"]


def test_a_membership_is_found_by_its_id_by_itself_and_its_admins(world):
    ids = {name: global_id("Membership", f"acme/{name}") for name in ("ann", "vera", "gus", "nobody")}
    foreign, short = global_id("Membership", "globex/gus"), global_id("Membership", "acme")
    query = "query($id: ID!) { node(id: $id) { ... on Membership { id role user { username } customer { slug } } } }"

    def seen(who: str) -> dict[str, Any]:
        viewer = world.client(who)
        return {key: viewer.data(query, id=key)["node"] for key in (*ids.values(), foreign, short)}

    by_admin, by_viewer = seen("admin"), seen("viewer")

    vera = {"id": ids["vera"], "role": "VIEWER", "user": {"username": "vera"}, "customer": {"slug": "acme"}}
    assert by_viewer.pop(ids["vera"]) == by_admin.pop(ids["vera"]) == vera
    assert by_admin.pop(ids["ann"])["role"] == "ADMIN"
    assert set(by_admin.values()) == set(by_viewer.values()) == {None}


def test_the_id_of_ones_own_membership_shows_no_more_than_the_token_allows(world):
    client = GraphQLClient.of(world.admin, maximum_role=Role.VIEWER)
    query = "query($id: ID!) { node(id: $id) { ... on Membership { role } } }"

    assert client.data(query, id=global_id("Membership", "acme/ann")) == {"node": {"role": "VIEWER"}}
    assert client.data(query, id=global_id("Membership", "acme/vera")) == {"node": None}


# Lists without pages


def schema() -> GraphQLSchema:
    return visible_schema(None).graphql


def list_fields() -> Iterator[tuple[str, GraphQLField]]:
    """The host's fields that are lists, apart from the rows of connections, as many as a page has."""
    for kind in schema().type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or kind.name.startswith("__"):
            continue
        for name, each_field in kind.fields.items():
            is_page = name in {"edges", "nodes"} and "pageInfo" in kind.fields
            if is_list_type(get_nullable_type(each_field.type)) and not is_page:
                yield f"{kind.name}.{name}", each_field


def test_every_list_without_pages_has_a_maximum():
    found = {path: find_maximum(each_field) for path, each_field in list_fields()}

    assert len(found) > 20
    assert sorted(path for path, maximum in found.items() if maximum is None) == []


def test_every_maximum_is_documented():
    rows = Document.read(ROOT / "docs" / "plugin-quick-reference.md").table("list")

    documented = {path: int(row[1].replace(",", "")) for row in rows for path in code_spans(row[0])}

    assert documented == {path: find_maximum(each_field) for path, each_field in list_fields()}


@object_type
class Thing:
    """A list of each kind, all with a maximum of two."""

    plain: list[int] = at_most(2)

    @field(maximum=2)
    def resolved(self) -> list[int]:
        return [1, 2, 3]

    @field(maximum=2)
    def endless(self) -> list[int]:
        return itertools.count(1)  # graphql-core takes anything that can be iterated

    @field(maximum=2)
    async def awaited(self) -> list[int]:
        return [1, 2, 3]

    @field(maximum=2)
    def missing(self) -> list[int] | None:
        return None

    @field(maximum=2)
    def short(self) -> list[int]:
        return [1]


@object_type
class Root:
    """The only thing."""

    @field()
    def thing(self) -> Thing:
        return Thing(plain=(1, 2, 3))  # as a row of the database has it


def test_what_is_longer_than_its_maximum_is_cut():
    made = strawberry.Schema(Root)
    cut_lists(graphql_schema_of(made))

    answer = asyncio.run(made.execute("{ thing { plain resolved endless awaited missing short } }"))

    assert answer.errors is None
    two = {name: [1, 2] for name in ("plain", "resolved", "endless", "awaited")}
    assert answer.data == {"thing": {**two, "missing": None, "short": [1]}}


def test_what_is_stored_can_be_more_than_a_list_shows(install):
    install(*numbered(1), enabled=True)
    many = range(3_000)
    PluginConfig.objects.update(
        dependencies=[{"name": f"need_{number}", "specifier": ""} for number in many],
        keywords=[f"word {number}" for number in many],
        settings={f"key_{number}": number for number in many},
    )
    renew_platform()

    found = GraphQLClient.of(make_operator()).data(
        """{ plugin(name: "plugin_000") {
            dependencies { name } keywords settingSources { path } ineffectiveReasons ineffectiveCodes } }"""
    )["plugin"]

    assert {name: len(items) for name, items in found.items()} == {
        "dependencies": MAXIMUM_DEPENDENCIES,
        "keywords": MAXIMUM_KEYWORDS,
        "settingSources": MAXIMUM_SETTINGS,
        "ineffectiveReasons": MAXIMUM_REASONS,
        "ineffectiveCodes": MAXIMUM_REASONS,
    }


def list_inputs() -> Iterator[tuple[str, str, Any]]:
    """The lists in the host's inputs, by type and field, and an item for each."""
    for kind in schema().type_map.values():
        for name, value in kind.fields.items() if isinstance(kind, GraphQLInputObjectType) else ():
            if is_list_type(get_nullable_type(value.type)):
                item = get_named_type(value.type)
                yield kind.name, name, next(iter(item.values)) if isinstance(item, GraphQLEnumType) else "x"


FILTERED = {
    "CustomerFilter": "customers",
    "UserFilter": "users",
    "PluginFilter": "plugins",
    "CustomerPluginConfigFilter": "customerPluginConfigs",
    "PluginAuditLogFilter": "pluginAuditLogs",
}


def test_every_list_in_an_input_has_a_maximum(platform):
    for kind, name, item in list_inputs():
        if kind == "SetPluginForCustomersInput":
            too_many = [f"c{number}" for number in range(MAXIMUM_BATCH + 1)]
            answer = platform.mutate(
                "setPluginForCustomers", "changedCount", plugin="map", customers=too_many, action="ENABLE"
            )
            assert answer["code"] == "INVALID_INPUT"
            continue
        if name == "onlyPlugins":
            assert_only_plugins_are_limited(platform, kind)
            continue
        query = f"query($f: {kind}) {{ {FILTERED[kind]}(filter: $f) {{ edges {{ cursor }} }} }}"
        answer = platform.run(query, f={name: [item] * (MAXIMUM_VALUES + 1)})
        (error,) = answer["errors"]
        assert error["message"] == f"'filter.{name}' has 1,001 items: give at most 1,000."
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def assert_only_plugins_are_limited(client, kind: str) -> None:
    field = kind[0].lower() + kind.removesuffix("Input")[1:]
    values = {"plugin": "map", **({"customer": "acme"} if "Customer" in kind else {})}
    answer = client.run(
        f"mutation($input: {kind}!) {{ {field}(input: $input) {{ __typename }} }}",
        input={**values, "onlyPlugins": ["x"] * (MAXIMUM_VALUES + 1)},
    )
    assert answer["errors"][0]["message"] == "'input.onlyPlugins' has 1,001 items: give at most 1,000."


def test_an_order_of_many_parts_is_refused(platform):
    query = "query($o: [PluginOrder!]) { plugins(order: $o) { edges { cursor } } }"

    assert platform.code(query, o=[{"field": "NAME"}] * (MAXIMUM_VALUES + 1)) == "BAD_USER_INPUT"
