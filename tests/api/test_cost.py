"""What a document costs before anything runs, the budgets, and what refuses a document for its size says so."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from graphql import GraphQLSchema, get_introspection_query, parse
from strawberry.http import GraphQLRequestData

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member
from webnet.api.engine import cost
from webnet.api.engine.cost import SCHEMA_POINTS, SameDocument, measure_cost, price_fields, read_sizes
from webnet.api.engine.limits import MAXIMUM_ALIASES, MAXIMUM_DEPTH, MAXIMUM_TOKENS
from webnet.api.request.context import Context
from webnet.api.strawberry_internals import graphql_schema_of
from webnet.api.visibility import visible_schema
from webnet.customers.models import Role
from webnet.errors import PluginDefinitionError
from webnet.sdk import graphql

database = pytest.mark.django_db(transaction=True)
SETTINGS = {
    None: "WEBNET_BUDGET_POINTS_SIGNED_OUT",
    "viewer": "WEBNET_BUDGET_POINTS_VIEWER",
    "operator": "WEBNET_BUDGET_POINTS_OPERATOR",
    "admin": "WEBNET_BUDGET_POINTS_ADMIN",
    "platform": "WEBNET_BUDGET_POINTS_PLATFORM",
}
# A viewer's lists in each other, as deep as they may be, and an operator's few words over many customers.
DEEP = "currentCustomer " + "{ pluginConfigs(first: 100) { edges { node { customer " * 2 + "{ slug }" + "} } } }" * 2
WIDE = (
    "{ customers(first: 100) { edges { node { pluginConfigs(first: 100) { edges { node { customer { slug } plugin { "
    "dependents { name } } } } } } } } }"
)


def cost_of(query: str, *, schema: GraphQLSchema | None = None, **variables: Any) -> int:
    document = parse(query)
    schema = schema or visible_schema(None).graphql
    return measure_cost(schema, SameDocument(document), None, read_sizes(document, None, variables))


def page(size: int) -> int:
    """Of `plugins { edges { node { name } } }`: the connection, its edges, and for each the node and its name."""
    return cost.CONNECTION_POINTS + 1 + size * 2


PLUGINS = "{ plugins%s { edges { node { name } } } }"
WITH_SIZE = "query($n: Int%s) " + PLUGINS % "(%s: $n)"


@pytest.mark.parametrize(
    ("query", "variables", "size"),
    [
        (PLUGINS % "", {}, 50),
        (PLUGINS % "(first: 3)", {}, 3),
        (PLUGINS % "(last: 3)", {}, 3),
        (PLUGINS % "(first: null)", {}, 50),
        (PLUGINS % "(first: 0)", {}, 0),
        (PLUGINS % "(first: 1000)", {}, 100),
        (PLUGINS % f"(first: {'9' * 5_000})", {}, 100),
        (PLUGINS % "(first: -7)", {}, 0),
        (PLUGINS % "(first: 3, last: 7)", {}, 7),
        (PLUGINS % '(after: "x")', {}, 50),
        (WITH_SIZE % ("", "first"), {"n": 3}, 3),
        (WITH_SIZE % ("!", "last"), {"n": 3}, 3),
        (WITH_SIZE % ("", "first"), {"n": None}, 50),
        (WITH_SIZE % ("", "first"), {}, 50),
        (WITH_SIZE % (" = 3", "first"), {}, 3),
        (WITH_SIZE % (" = 3", "first"), {"n": 7}, 7),
        (WITH_SIZE % ("", "first"), {"n": 10**30}, 100),
        (WITH_SIZE % ("", "first"), {"n": 7.0}, 7),
        (WITH_SIZE % ("", "first"), {"n": float("nan")}, 100),
        (WITH_SIZE % ("", "first"), {"n": "seven"}, 100),
    ],
)
def test_a_page_counts_with_its_size_wherever_that_is_said(query, variables, size):
    assert cost_of(query, **variables) == page(size)


@pytest.mark.parametrize(
    "query",
    [
        "query { ...A } fragment A on Query { plugins { ...B } } fragment B on PluginConnection { edges { ...C } } "
        "fragment C on PluginEdge { node { name } }",
        "{ plugins { ... { edges { node { ... on Plugin { name } } } } } }",
        "{ ...A ...A } fragment A on Query { plugins { edges { node { name } } } }",
    ],
)
def test_fragments_cost_what_is_in_them(query):
    assert cost_of(query) == page(50)


def test_pages_within_pages_are_multiplied():
    inner = cost.CONNECTION_POINTS + 1 + 2 * 2
    query = "{ plugins(first: 3) { edges { node { customerConfigs(first: 2) { edges { node { effective } } } } } } }"

    found = cost_of(query)

    # `effective` has a resolver.
    assert found == cost.CONNECTION_POINTS + 1 + 3 * (1 + inner + 2)


def test_nodes_count_with_the_size_of_the_page():
    shortcut = cost_of("{ plugins(first: 3) { nodes { name } } }")
    both = cost_of("query($n: Int) { plugins(first: $n) { edges { node { name } } ...N } } " + NODES, n=3)
    nested = cost_of("{ plugins(first: 3) { nodes { customerConfigs(first: 2) { nodes { effective } } } } }")

    assert shortcut == cost.CONNECTION_POINTS + 1 + 3
    assert both == page(3) + 1 + 3
    assert nested == cost.CONNECTION_POINTS + 1 + 3 * (cost.CONNECTION_POINTS + 1 + 2 * 2)


NODES = "fragment N on PluginConnection { nodes { name } }"
OF_IDS = "{ nodes(ids: %s) { ... on Plugin { name author } } }"
OF_A_VARIABLE = "query($ids: %s) " + OF_IDS % "$ids"


@pytest.mark.parametrize(
    ("query", "variables", "length"),
    [
        (OF_IDS % '["a", "b", "c"]', {}, 3),
        (OF_IDS % "[]", {}, 0),
        (OF_IDS % '"a"', {}, 1),
        (OF_IDS % f"[{'1 ' * 1_000}]", {}, 100),
        (OF_A_VARIABLE % "[ID!]!", {"ids": ["a", "b"]}, 2),
        (OF_A_VARIABLE % "[ID!]!", {"ids": ["a"] * 1_000}, 100),
        (OF_A_VARIABLE % "[ID!]!", {"ids": "a"}, 1),
        (OF_A_VARIABLE % '[ID!]! = ["a", "b"]', {}, 2),
        ("query($id: ID!) " + OF_IDS % '[$id, "b"]', {"id": "a"}, 2),
    ],
)
def test_nodes_by_ids_cost_as_many_as_there_are_ids(query, variables, length):
    assert cost_of(query, **variables) == cost.RESOLVER_POINTS + length * (cost.RESOLVER_POINTS + 2)


def test_of_several_types_the_dearest_one_counts():
    """A value is of one type; what all types have counts beside it."""
    both = cost_of('{ node(id: "x") { id ... on Plugin { name } ... on Customer { slug name isActive } } }')
    without = cost_of('{ node(id: "x") { id ... on Customer { slug name isActive } } }')
    smaller = cost_of('{ node(id: "x") { id ... on Plugin { name } } }')

    assert both == without > smaller


def test_fragments_that_multiply_each_other_are_counted_in_no_time():
    """As it says of each fragment, 2 ** 60 times `viewer`, and a square of the number of fragments."""
    doubling = " ".join(
        f"fragment A{n} on Query {{ ...A{n + 1} ...B{n + 1} }} fragment B{n} on Query {{ ...A{n + 1} ...B{n + 1} }}"
        for n in range(60)
    )
    ends = "fragment A60 on Query { viewer { __typename } } fragment B60 on Query { viewer { __typename } }"
    square = " ".join(
        f"fragment C{n} on Query {{ {' '.join(f'...C{each}' for each in range(n + 1, 40))} __typename }}"
        for n in range(40)
    )

    assert cost_of(f"{{ ...A0 }} {doubling} {ends}") == 2**60 * 3
    assert cost_of(f"{{ ...C0 }} {square}") == 2**39


# Declared by plugins


def find_none() -> Any:
    return []


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    name: str = strawberry.field(default="leaf", metadata=graphql.cost_of(7))


@strawberry.type
class Twig(Named):
    name: str = "twig"


@strawberry.type
class Roots:
    dear: int = graphql.field(resolver=lambda: 1, cost=500)
    leaves: list[Leaf] = graphql.field(resolver=find_none, cost=3, maximum=4)
    many: list[Twig] = strawberry.field(resolver=find_none)
    tables: list[list[Twig]] = strawberry.field(resolver=find_none)
    named: Named = strawberry.field(resolver=Leaf)
    either: Leaf | Twig = strawberry.field(resolver=Leaf)


@strawberry.type
class Changes:
    grow: int = strawberry.field(resolver=lambda: 1)
    prune: int = graphql.field(resolver=lambda: 1, cost=900)


@pytest.fixture(scope="module")
def trees() -> GraphQLSchema:
    made = graphql_schema_of(strawberry.Schema(query=Roots, mutation=Changes, types=[Leaf, Twig]))
    price_fields(made)
    return made


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("{ dear }", 500),
        ("{ leaves { __typename } }", 3 + 4),
        ("{ leaves { name } }", 3 + 4 * 7),
        ("{ many { name } }", 2 + 100),
        ("{ tables { name } }", 2 + 100 * 100),
        ("{ named { name } }", 2 + 7),
        ("{ either { ... on Leaf { name } ... on Twig { name } ... on Named { name } } }", 2 + 7 + 7),
        ("{ either { __typename } }", 2 + 1),
        ("mutation { grow }", 50),
        ("mutation { grow prune }", 50 + 900),
        ('{ __schema { types { name } } __type(name: "Leaf") { name } }', 20_000 + 500),
    ],
)
def test_a_field_costs_what_it_declares_or_what_its_kind_does(trees, query, points):
    assert cost_of(query, schema=trees) == points


@pytest.mark.parametrize("wrong", [-1, 1.5, True, "7"])
def test_a_cost_that_is_no_number_of_points_is_refused(wrong):
    with pytest.raises(PluginDefinitionError, match="'cost' must be a whole number of at least 0"):
        graphql.field(cost=wrong)


# Budgets


@database
@pytest.mark.parametrize("who", SETTINGS)
def test_what_costs_more_than_the_budget_of_the_role_is_refused_before_it_runs(world, nobody, settings, who):
    client = nobody if who is None else world.client(who, view=None if who == "platform" else "acme")
    points = page(50)
    for each in SETTINGS.values():
        setattr(settings, each, 10**6)
    setattr(settings, SETTINGS[who], points - 1)
    client.run("{ __typename }")

    with CaptureQueriesContext(connection) as statements:
        answer = client.run(PLUGINS % "")
    setattr(settings, SETTINGS[who], points)
    enough = client.run(PLUGINS % "")

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "QUERY_TOO_EXPENSIVE", "requested": points, "budget": points - 1}
    assert f"costs {points} points, and your budget is {points - 1}" in error["message"]
    assert "data" not in answer
    assert len(statements) <= 3  # who it is, and the view
    assert "plugins" in (enough.get("data") or {"plugins": ...}) and "QUERY_TOO_EXPENSIVE" not in str(enough)


@database
def test_a_token_has_the_budget_of_its_role(world, settings):
    settings.WEBNET_BUDGET_POINTS_VIEWER, settings.WEBNET_BUDGET_POINTS_ADMIN = 7, 10**6

    limited = GraphQLClient.of(world.admin, view="acme", maximum_role=Role.VIEWER)

    assert limited.code(PLUGINS % "") == "QUERY_TOO_EXPENSIVE"
    assert "errors" not in world.client("admin", view="acme").run(PLUGINS % "")
    # Where no customer says the role, it is a viewer's.
    assert world.client("admin").code(PLUGINS % "") == "QUERY_TOO_EXPENSIVE"


@database
def test_a_subscription_is_priced_when_it_is_opened(world, settings):
    client = world.client("platform")
    context = Context(request=RequestFactory().post("/graphql/", headers=client._headers))
    query = "subscription { pluginEvents { cursor } }"
    wanted = GraphQLRequestData(query=query, variables=None, operation_name=None, extensions=None)
    opened = visible_schema(context.reading).prepare_subscription(wanted, context)
    settings.WEBNET_BUDGET_POINTS_PLATFORM = context.cost - 1

    errors = visible_schema(context.reading).prepare_subscription(wanted, context)

    assert not isinstance(opened, list)
    # The subscription, and the cursor of an event.
    assert [each.extensions for each in errors] == [
        {"code": "QUERY_TOO_EXPENSIVE", "requested": cost.CHANGE_POINTS + 1, "budget": cost.CHANGE_POINTS}
    ]


@database
def test_the_documents_that_held_the_server_are_refused(world):
    roots = " ".join(f"r{n}: {DEEP}" for n in range(15))

    viewer = world.client("viewer", view="acme").run("{" + roots + "}")
    operator = world.client("platform").run(WIDE)

    for answer in (viewer, operator):
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_EXPENSIVE"
        assert error["extensions"]["requested"] > 2 * error["extensions"]["budget"]


@database
def test_the_cost_is_explained_to_who_asks_for_it(viewer, settings):
    query = {"query": PLUGINS % "(first: 3)"}

    told = viewer.send(query, **{"Webnet-Explain": "cost"}).json()
    others = [viewer.send(query).json(), viewer.send(query, **{"Webnet-Explain": "plan"}).json()]
    settings.WEBNET_BUDGET_POINTS_VIEWER = 7
    refused = viewer.send(query, **{"Webnet-Explain": "cost"}).json()

    assert told["extensions"] == {"cost": {"requested": page(3), "budget": 200_000}}
    assert told["data"]["plugins"]
    assert not any("extensions" in each for each in others)
    assert refused["extensions"] == {"cost": {"requested": page(3), "budget": 7}}


@database
def test_limits_are_those_that_hold(world, settings):
    settings.WEBNET_BUDGET_POINTS_OPERATOR = 4_321
    settings.WEBNET_TOKEN_POINTS_PER_MINUTE = 10**6
    query = (
        "{ viewer { limits { budget depth aliases tokens defaultPageSize largestPageSize "
        "requestSeconds pointsPerMinute } } }"
    )

    limits = world.client("operator", view="acme").data(query)["viewer"]["limits"]

    assert limits == {
        "budget": 4_321,
        "depth": MAXIMUM_DEPTH,
        "aliases": MAXIMUM_ALIASES,
        "tokens": MAXIMUM_TOKENS,
        "defaultPageSize": 50,
        "largestPageSize": 100,
        "requestSeconds": settings.WEBNET_REQUEST_SECONDS,
        "pointsPerMinute": 10**6,
    }


@database
def test_a_cost_never_tells_of_rows(world):
    """Of a viewer of acme: with and without other customers, members, tokens and changes."""
    client = world.client("viewer", view="acme")
    query = {
        "query": "{ currentCustomer { members { edges { node { role } } } "
        "pluginConfigs { edges { node { enabled } } } } plugins { edges { node { name } } } "
        "viewer { memberships { edges { node { role } } } apiTokens { edges { node { name } } } } "
        "customers { totalCount edges { node { slug } } } }"
    }
    before = client.send(query, **{"Webnet-Explain": "cost"}).json()["extensions"]

    for number in range(5):
        make_member(f"member-{number}", make_customer(f"customer-{number}"), Role.ADMIN)
        make_member(f"colleague-{number}", world.acme, Role.VIEWER)
        GraphQLClient.of(world.viewer)
    after = client.send(query, **{"Webnet-Explain": "cost"}).json()["extensions"]

    assert after == before
    assert before["cost"]["requested"] > 100


# Other limits


@database
def test_standard_introspection_is_allowed_and_deeper_one_is_not(viewer):
    options = {
        "specified_by_url": True,
        "directive_is_repeatable": True,
        "schema_description": True,
        "input_value_deprecation": True,
        "one_of": True,
    }
    graphiql = get_introspection_query(**options)

    told = viewer.send({"query": graphiql}, **{"Webnet-Explain": "cost"}).json()

    assert told["data"]["__schema"]
    assert told["extensions"]["cost"]["requested"] == SCHEMA_POINTS
    for deeper in (
        "{ __schema { types { fields { type { fields { name } } } } } }",
        '{ __type(name: "Query") { fields { args { type { inputFields { name } } } } } }',
        '{ __type(name: "Query") { ...T } } fragment T on __Type { fields { type { ofType { fields { name } } } } }',
        '{ __type(name: "Node") { possibleTypes { interfaces { possibleTypes { name } } } } }',
    ):
        assert viewer.code(deeper) == "QUERY_TOO_DEEP"


NESTED = {
    "fields": "{ a" * 250 + "}" * 250,
    "braces": "{ viewer {" + " ... {" * 110 + "__typename" + "}" * 110 + "} }",
    "fragments": "{ ...F0 }"
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(110))
    + "fragment F110 on Query { __typename }",
    "lists": "{ plugin(name: " + "[" * 250 + "]" * 250 + ") { name } }",
    "objects": "{ plugin(name: " + "{a: " * 220 + "1" + "}" * 220 + ") { name } }",
    "variable's type": "query($v: " + "[" * 250 + "Int" + "]" * 250 + ") { __typename }",
}


@database
@pytest.mark.parametrize("kind", NESTED)
def test_what_is_nested_too_deeply_says_so(nobody, kind):
    errors = nobody.run(NESTED[kind])["errors"]

    assert errors[0]["extensions"]["code"] == "QUERY_TOO_DEEP"
    assert "TOO_MANY_TOKENS" not in str(errors)


@database
@pytest.mark.parametrize("query", ["{" + " a" * 1_000 + "}", "# hm\n" * 1_100 + "{ __typename }"])
def test_what_has_too_many_tokens_or_comments_says_so(nobody, query):
    assert nobody.code(query) == "TOO_MANY_TOKENS"


@database
def test_json_that_is_nested_too_deeply_says_so(world):
    json = "{a: " * 101 + "1" + "}" * 101
    query = f'mutation {{ updatePluginSettings(input: {{plugin: "map", settings: {json}}}) {{ __typename }} }}'

    answer = world.client("platform").run(query)

    assert "QUERY_TOO_DEEP" in [error["extensions"]["code"] for error in answer["errors"]]
