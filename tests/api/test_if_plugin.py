"""One document for customers with a plugin and without: `@ifPlugin` over the real view."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from labels.models import Label
from shelf.models import Book, Shelf

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from webnet.api.engine.known_documents import known_documents
from webnet.api.http.kept_answers import kept_answers
from webnet.api.request.context import Context
from webnet.api.visibility import visible_schema
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginAuditLog

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
# Of every kind of part: root fields, fields of the host's types, fragments, types and variables of the plugin.
EVERYTHING = """query All($customer: String!, $name: String!, $input: BookFilter, $deep: Boolean = true) {
  viewer { user { username } }
  shelves @ifPlugin(name: "shelf") { ...OfShelf }
  findShelf(name: $name) @ifPlugin(name: "shelf") { __typename ... on Shelf { name } ...OfNothing }
  customer(slug: $customer) { slug count: shelfCount @ifPlugin(name: "shelf") ...Shelves }
  books(filter: $input) @ifPlugin(name: "shelf") @include(if: $deep) { totalCount }
  ...Named @ifPlugin(name: "shelf")
}
fragment OfShelf on Shelf { name ... @ifPlugin(name: "labels") { labels { text } } }
fragment OfNothing on Nothing @ifPlugin(name: "shelf") { reason }
fragment Shelves on Customer { name shelves @ifPlugin(name: "shelf") { nodes { name } } }
fragment Named on Query { named { name ... on Shelf { material } } }"""
VARIABLES = {"name": "one", "input": {"search": "A"}}


@pytest.fixture
def world() -> GraphQLClient:
    """acme has both plugins, globex and initech none; each has a shelf."""
    manager.sync(actor=SYSTEM)
    for slug in ("acme", "globex", "initech"):
        shelf = Shelf.objects.create(customer=make_customer(slug), name="one")
        Book.objects.create(shelf=shelf, title="A")
        Label.objects.create(shelf=shelf, text="L")
    manager.enable("labels", actor=SYSTEM, with_dependencies=True)
    manager.enable("labels", actor=SYSTEM, customer="acme", with_dependencies=True)
    return GraphQLClient.of(make_operator())


def everything(client: GraphQLClient, view: str) -> Any:
    return client.at(view).data(EVERYTHING, customer=view, **VARIABLES)


def test_with_the_plugins_the_answer_is_that_of_the_document_without_guards(world: GraphQLClient) -> None:
    plain = EVERYTHING.replace('@ifPlugin(name: "shelf")', "").replace('@ifPlugin(name: "labels")', "")
    answer = world.at("acme").send({"query": EVERYTHING, "variables": VARIABLES | {"customer": "acme"}}).content

    assert answer == world.at("acme").send({"query": plain, "variables": VARIABLES | {"customer": "acme"}}).content
    assert json.loads(answer)["data"]["shelves"] == [{"name": "one", "labels": [{"text": "L"}]}]


def test_without_them_their_parts_are_null_under_their_keys_and_the_rest_is_answered(world: GraphQLClient) -> None:
    assert everything(world, "globex") == {
        "viewer": {"user": {"username": "platform"}},
        "shelves": None,
        "findShelf": None,
        "customer": {"slug": "globex", "count": None, "name": "Globex", "shelves": None},
        "books": None,
        "named": None,
    }


def test_one_of_two_plugins_opens_its_own_parts(world: GraphQLClient) -> None:
    manager.enable("shelf", actor=SYSTEM, customer="globex")

    answer = everything(world, "globex")

    assert answer["shelves"] == [{"name": "one", "labels": None}]
    assert answer["named"] == [{"name": "one", "material": "OAK"}]


def test_off_withheld_and_never_installed_look_alike(world: GraphQLClient) -> None:
    """To the bytes: what a customer may not know of, nobody can find out by a guard."""
    asked = {"query": EVERYTHING, "variables": VARIABLES | {"customer": "globex"}}
    never = asked | {"query": EVERYTHING.replace('"shelf"', '"shrub"').replace('"labels"', '"leaves"')}
    refused = {"query": 'subscription { shelfNames @ifPlugin(name: "shelf") }'}
    never_refused = {"query": 'subscription { shelfNames @ifPlugin(name: "shrub") }'}
    off = world.at("globex").send(asked).content
    said = json.dumps(visible_and_refused(world, refused))

    manager.set_availability("labels", availability=Availability.WITHHELD, customer="globex", actor=SYSTEM)
    manager.set_availability("shelf", availability=Availability.WITHHELD, customer="globex", actor=SYSTEM)

    assert world.at("globex").send(asked).content == off == world.at("globex").send(never).content
    assert json.dumps(visible_and_refused(world, refused)) == said
    assert json.dumps(visible_and_refused(world, never_refused)) == said
    assert "PLUGIN_NOT_EFFECTIVE" in said


def visible_and_refused(client: GraphQLClient, body: dict[str, Any]) -> Any:
    """What somebody is told who opens a stream."""
    request = client.at("globex").send(body).wsgi_request
    context = Context(request=request, customer_slug="globex")
    wanted: Any = type("Wanted", (), {"query": body["query"], "variables": None, "operation_name": None})
    errors = visible_schema(context.reading).prepare_subscription(wanted, context)
    assert isinstance(errors, list)
    return [each.formatted for each in errors]


@pytest.mark.parametrize(
    "part",
    [
        "shelves { nothing(of: this) @unknown(x: [1, {}]) { ...On } ... on Nowhere { at(all: $input) } }",
        "shelves { " + "a { " * 40 + "b" + " }" * 40 + " }",
        "shelves { " + " ".join(f"a{number}: b" for number in range(60)) + " }",
        "plugins(first: 100, sideways: LEFT) { edges { node { dependents { name } } } }",
        "slug { slug }",
    ],
)
def test_a_guarded_part_is_not_validated_or_limited_and_costs_its_null_alone(world: GraphQLClient, part: str) -> None:
    key = part.partition(" ")[0].partition("(")[0]
    declared = "query($input: Nothing)" if "$input" in part else ""
    guarded = f'{declared} {{ viewer {{ isPlatformOperator }} ... @ifPlugin(name: "shelf") {{ {part} }} }}'
    client = world.at("globex")

    answer = client.send({"query": guarded}, **{"Webnet-Explain": "cost"}).json()

    assert "data" in answer, answer
    bare = client.send({"query": "{ viewer { isPlatformOperator } }"}, **{"Webnet-Explain": "cost"}).json()
    assert answer["data"] == {"viewer": {"isPlatformOperator": True}, key: None}
    null = 1  # is a value of the answer, and costs as much as one
    assert answer["extensions"]["cost"]["requested"] == bare["extensions"]["cost"]["requested"] + null
    assert client.run(guarded.replace('@ifPlugin(name: "shelf")', ""))["errors"]


def test_nulls_cost_what_other_values_cost_so_that_no_answer_is_larger_for_them(world: GraphQLClient) -> None:
    """Else a small document could have an answer of any size: keys times rows times rows."""
    wide = "customers(first: 100) { nodes { pluginConfigs(first: 100) { nodes { enabled %s } } } }"
    keys = " ".join(f"key{number}" for number in range(200))
    hidden = f'... @ifPlugin(name: "shelf") {{ {keys} ... on Nowhere {{ at }} }}'
    client = world.at("globex")

    assert client.data("{ %s }" % (wide % ""))
    assert client.code("{ %s }" % (wide % hidden)) == "QUERY_TOO_EXPENSIVE"
    spread = wide % '...F @ifPlugin(name: "shelf")'
    spread = f"{{ {spread} }} fragment F on CustomerPluginConfig {{ {keys} }}"
    assert client.code(spread) == "QUERY_TOO_EXPENSIVE"
    # Of a type that the viewer's schema lacks there are no rows, and so no nulls.
    assert client.data(spread.replace("on CustomerPluginConfig", "on Nope"))


def test_a_key_that_is_too_long_is_refused_in_any_part(world: GraphQLClient) -> None:
    name = "x" * 10_000
    assert (
        world.at("globex").code(f'{{ viewer {{ isPlatformOperator }} {name} @ifPlugin(name: "shelf") }}')
        == "BAD_REQUEST"
    )


def test_a_key_that_is_also_selected_elsewhere_has_its_value(world: GraphQLClient) -> None:
    """The fields of both parts can't be merged, which only matters to those who have the plugin."""
    query = """{ slug: viewer @ifPlugin(name: "shelf") { isPlatformOperator } viewer { user { username } }
      viewer @ifPlugin(name: "shelf") { isPlatformOperator } ...C customer(slug: "globex") { slug } }
      fragment C on Query { customer(slug: "globex") @ifPlugin(name: "shelf") { shelfCount name } }"""

    assert world.at("globex").data(query) == {
        "slug": None,
        "viewer": {"user": {"username": "platform"}},
        "customer": {"slug": "globex"},
    }


def test_lists_connections_and_fragments_of_interfaces_have_nulls_in_each_item(world: GraphQLClient) -> None:
    query = """query($id: ID!) { customers(first: 2) { totalCount @ifPlugin(name: "shelf")
        nodes { slug ... @ifPlugin(name: "shelf") { shelfCount } }
        edges @ifPlugin(name: "shelf") { node { shelfCount } } pageInfo { hasNextPage other @ifPlugin(name: "no") } }
      node(id: $id) { id ... on Shelf @ifPlugin(name: "shelf") { material } ... on Customer {
        shelfCount @ifPlugin(name: "shelf") } } plugins(first: 1) { nodes { ... @ifPlugin(name: "no") { new } } } }"""
    client = world.at("globex")
    gid = client.data('{ customer(slug: "globex") { id } }')["customer"]["id"]

    assert client.data(query, id=gid) == {
        "customers": {
            "totalCount": None,
            "nodes": [{"slug": "globex", "shelfCount": None}],
            "edges": None,
            "pageInfo": {"hasNextPage": False, "other": None},
        },
        "node": {"id": gid, "shelfCount": None},
        "plugins": {"nodes": [{"new": None}]},
    }


def test_the_names_of_types_are_answered_as_ever_since_clients_ask_for_them_in_each_fragment(
    world: GraphQLClient,
) -> None:
    query = """{ __typename @ifPlugin(name: "shelf") ...OfQuery customer(slug: "globex") {
        ... @ifPlugin(name: "shelf") { shelfCount kind: __typename ... on Shelf { shelf: __typename } } } }
      fragment OfQuery on Query @ifPlugin(name: "shelf") { named { __typename } root: __typename }"""

    assert world.at("globex").data(query) == {
        "__typename": "Query",
        "named": None,
        "root": "Query",
        "customer": {"shelfCount": None, "kind": "Customer"},
    }


def test_a_guarded_change_is_not_made_and_the_others_are_in_their_own_transactions(world: GraphQLClient) -> None:
    query = """mutation($new: AddShelfInput!, $customer: String!) {
      enableCustomerPlugin(input: {customer: $customer, plugin: "shelf"}) { __typename }
      addShelf(input: $new) @ifPlugin(name: "shelf") { ... on AddShelfPayload { shelf { name } } }
      other: enableCustomerPlugin(input: {customer: $customer, plugin: "none"}) { ... on Refusal { code } }
    }"""
    shelves, rows = Shelf.objects.count(), PluginAuditLog.objects.count()

    answer = world.at("globex").data(query, new={"name": "two"}, customer="globex")

    # As it was when the request came, also after the first of the changes.
    assert answer["enableCustomerPlugin"]["__typename"] == "EnableCustomerPluginPayload" and answer["addShelf"] is None
    assert answer["other"] == {"code": "PLUGIN_NOT_FOUND"}
    assert Shelf.objects.count() == shelves and PluginAuditLog.objects.count() == rows + 2
    answer = world.at("globex").data(query, new={"name": "two"}, customer="globex")
    assert answer["addShelf"] == {"shelf": {"name": "two"}}


def test_a_switch_counts_for_the_very_next_request_also_where_answers_are_kept(world: GraphQLClient) -> None:
    query = '{ plugins(first: 2) { nodes { name } } shelfFacts @ifPlugin(name: "shelf") }'
    client = world.at("globex")
    kept_answers.clear()
    for _ in range(2):
        assert client.data(query)["shelfFacts"] is None
        assert len(kept_answers) >= 1
        assert client.data(query)["shelfFacts"] is None
        manager.enable("shelf", actor=SYSTEM, customer="globex")
        assert client.data(query)["shelfFacts"] == {"materials": 2}
        manager.disable("shelf", actor=SYSTEM, customer="globex")


def test_in_the_platforms_view_the_answers_of_its_operators_alone_are_kept(
    world: GraphQLClient,
) -> None:
    """Which plugins are effective for others depends on whose customers they are."""
    query = '{ plugins(first: 2) { nodes { name } } shelfFacts @ifPlugin(name: "shelf") }'
    customers = Customer.objects.filter(slug__in=["acme", "globex"])
    members = {each.slug: GraphQLClient.of(make_member(f"of-{each.slug}", each, Role.ADMIN)) for each in customers}
    kept_answers.clear()
    for _ in range(2):
        assert world.data(query)["shelfFacts"] == {"materials": 2}
        assert members["acme"].data(query)["shelfFacts"] == {"materials": 2}
        assert members["globex"].data(query)["shelfFacts"] is None
        assert len(kept_answers) == 1
    manager.disable("labels", actor=SYSTEM, with_dependents=True)
    manager.disable("shelf", actor=SYSTEM, with_dependents=True)
    assert world.data(query)["shelfFacts"] is None


@pytest.mark.parametrize(
    "query",
    [
        "query($p: String!) { viewer @ifPlugin(name: $p) { isPlatformOperator } }",
        "{ viewer @ifPlugin { isPlatformOperator } }",
        '{ viewer @ifPlugin(name: "shelf", or: "x") { isPlatformOperator } }',
        'query @ifPlugin(name: "shelf") { viewer { isPlatformOperator } }',
        'query($p: String! @ifPlugin(name: "shelf")) { plugin(name: $p) { name } }',
    ],
)
def test_a_guard_that_says_no_plugin_or_stands_elsewhere_is_refused(world: GraphQLClient, query: str) -> None:
    assert world.at("globex").code(query) == "GRAPHQL_VALIDATION_FAILED"
    assert world.at("acme").code(query) == "GRAPHQL_VALIDATION_FAILED"


def test_what_is_wrong_outside_of_the_parts_is_refused_as_ever(world: GraphQLClient) -> None:
    client = world.at("globex")
    guard = '@ifPlugin(name: "shelf")'

    for query in (
        f"query($unused: Int) {{ viewer {{ isPlatformOperator }} shelves {guard} {{ name }} }}",
        f"{{ shelves {guard} {{ name }} viewer {{ isPlatformOperator }} }} fragment Unused on Query {{ __typename }}",
        f"{{ shelves {guard} {{ name }} plugins {{ nothing }} }}",
        f"{{ shelves {guard} {{ name }} shelfCount }}",
    ):
        assert client.code(query) == "GRAPHQL_VALIDATION_FAILED", query


def test_somebody_signed_out_has_no_plugins_and_introspects_nothing(world: GraphQLClient) -> None:
    query = 'mutation { signOut { __typename } shelves @ifPlugin(name: "shelf") { name } }'
    assert GraphQLClient().data(query)["shelves"] is None
    hidden = GraphQLClient().data('{ __typename __schema @ifPlugin(name: "shelf") { types { name } } }')
    assert hidden == {"__typename": "Query", "__schema": None}


def test_of_several_operations_the_others_may_be_guarded(world: GraphQLClient) -> None:
    text = """query Count { customer(slug: "globex") { slug shelfCount @ifPlugin(name: "shelf") } }
      subscription Names { shelfNames @ifPlugin(name: "shelf") }"""
    client = world.at("globex")

    answer = client.send({"query": text, "operationName": "Count"}).json()
    assert answer == {"data": {"customer": {"slug": "globex", "shelfCount": None}}}
    assert client.code(text) == "OPERATION_NOT_FOUND"


def test_skip_and_include_are_the_clients_own_also_in_a_part_that_is_taken_out(world: GraphQLClient) -> None:
    query = """query($yes: Boolean!, $no: Boolean = false, $lost: Boolean!) {
      a: shelves @ifPlugin(name: "shelf") @include(if: $yes) { name }
      b: shelves @include(if: $no) @ifPlugin(name: "shelf") { name }
      c: shelves @ifPlugin(name: "shelf") @skip(if: $lost) { name } viewer { isPlatformOperator } }"""
    client = world.at("globex")

    assert client.data(query, yes=True).keys() == {"a", "c", "viewer"}
    assert client.data(query, yes=False, no=True).keys() == {"b", "c", "viewer"}
    assert client.data(query, yes=False, lost=True).keys() == {"viewer"}
    assert client.data(query, yes="perhaps", no=7).keys() == {"a", "b", "c", "viewer"}


def test_a_guard_asks_the_database_nothing(world: GraphQLClient, django_assert_num_queries: Any) -> None:
    client = world.at("globex")
    plain, guarded = "{ viewer { isPlatformOperator } }", '{ viewer { isPlatformOperator } x @ifPlugin(name: "shelf") }'
    client.data(plain)
    client.data(guarded)
    with django_assert_num_queries(1):
        client.data(plain)
    with django_assert_num_queries(1):
        client.data(guarded)


def test_many_viewers_at_once_have_their_own_parts_of_one_document(world: GraphQLClient) -> None:
    known_documents.clear()
    together = Barrier(4)

    def ask(view: str) -> list[Any]:
        together.wait(60)
        try:
            return [
                world.at(view).data(f'{{ __typename shelfFacts @ifPlugin(name: "shelf") a{n}: __typename }}')
                for n in range(20)
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, ["acme", "globex", "acme", "initech"]))

    for index, own in enumerate(answers):
        assert [each["shelfFacts"] for each in own] == [{"materials": 2} if index in (0, 2) else None] * 20


def test_what_is_kept_of_documents_is_bounded(world: GraphQLClient) -> None:
    known_documents.clear()
    filler = "# " + "x" * 2_000
    for number in range(60):
        assert world.at("globex").data(f'{{ __typename x{number} @ifPlugin(name: "shelf") }} {filler}')
    assert len(known_documents) * 2_000 < 64_000
