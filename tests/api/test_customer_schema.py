"""Each customer's schema: what is not effective is absent from it everywhere, and the rest works as in the full one."""

from __future__ import annotations

import gc
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.http import HttpRequest
from graphql import build_schema, get_introspection_query
from labels.models import Label
from shelf.models import Book, Shelf

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from webnet.api import visibility
from webnet.api.http import views
from webnet.api.paging.batches import Batches
from webnet.api.request.reader import Reading
from webnet.api.schema import full_schema
from webnet.api.visibility import derive, schema_without
from webnet.api.vocabulary.node import global_id
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.plugins.gate.effective import BoundedCache
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability

pytestmark = pytest.mark.django_db(transaction=True)

PLUGINS = frozenset({"shelf", "labels"})
SYSTEM = Actor.system("tests")
EVERYTHING = """query All($first: Int) {
  shelves { ...S } findShelf(name: "one") { __typename ... on Shelf { name } ... on Nothing { reason } }
  named { name __typename } plugins(first: $first) { edges { node { name } } }
} fragment S on Shelf { id name material books { title } labels { text } }"""


@pytest.fixture
def world():
    """acme has both plugins, globex none; each has a shelf."""
    manager.sync(actor=SYSTEM)
    for slug in ("acme", "globex"):
        customer = make_customer(slug)
        shelf = Shelf.objects.create(customer=customer, name="one")
        Book.objects.create(shelf=shelf, title="A")
        Label.objects.create(shelf=shelf, text="L")
    manager.enable("labels", actor=SYSTEM, with_dependencies=True)
    manager.enable("labels", actor=SYSTEM, customer="acme", with_dependencies=True)
    return GraphQLClient.of(make_operator())


def everything(client):
    return client.data(EVERYTHING, first=1)


def fails_to_find(client, query):
    return " ".join(error["message"] for error in client.run(query)["errors"])


def test_the_effective_plugins_are_there_with_all_that_they_bring(world):
    answer = everything(world.at("acme"))

    assert answer["shelves"][0] | {"id": ""} == {
        "id": "",
        "name": "one",
        "material": "OAK",
        "books": [{"title": "A"}],
        "labels": [{"text": "L"}],
    }
    assert answer["findShelf"] == {"__typename": "Shelf", "name": "one"} and answer["named"][0]["__typename"] == "Shelf"


@pytest.mark.parametrize(
    "query",
    [
        "{ shelves { name } }",
        "{ currentCustomer { shelfCount } }",
        "mutation { addShelf(input: {name: 1}) { __typename } }",
        "{ node(id: 1) { ... on Shelf { name } } }",
        "{ node(id: 1) { ...F } } fragment F on Shelf { name }",
        "query ($i: AddShelfInput) { viewer { __typename } }",
    ],
)
def test_where_they_are_not_they_are_unknown_as_if_they_had_never_been(world, query):
    said = fails_to_find(world.at("globex"), query)
    never = fails_to_find(
        world.at("globex"), query.replace("shelves", "shrubs").replace("shelfCount", "shrubCount")
        .replace("addShelf", "addShrub").replace("on Shelf", "on Shrub").replace("AddShelfInput", "AddShrubInput"),
    )  # fmt: skip

    assert said.replace("helf", "…").replace("shelves", "…") == never.replace("hrub", "…").replace("s…s", "…")


def test_nothing_of_them_is_in_introspection_or_in_suggestions(world):
    hidden, shown = world.at("globex"), world.at("acme")
    for client, is_there in ((hidden, False), (shown, True)):
        text = json.dumps(client.data(get_introspection_query()))
        for word in ("Shelf", "shelves", "shelfCount", "Material", "Named", "Found", "AddShelfInput", "Label", "OAK"):
            assert (f'"{word}"' in text) is is_there, word
    assert "shelves" in fails_to_find(shown, "{ shelvez { name } }")
    assert "shelves" not in fails_to_find(hidden, "{ shelvez { name } }")
    assert hidden.data('{ __type(name: "Shelf") { name } }') == {"__type": None}


def test_a_hidden_node_is_not_read_from_the_database(world, django_assert_num_queries, django_assert_max_num_queries):
    gid = global_id("Shelf", Shelf.objects.get(customer__slug="acme").pk)
    hidden = world.at("globex")
    assert world.at("acme").data("query($i: ID!) { node(id: $i) { id } }", i=gid) == {"node": {"id": gid}}
    hidden.data("{ viewer { user { id } } }")

    with django_assert_max_num_queries(3) as asked:
        assert hidden.data("query($i: ID!) { node(id: $i) { id } }", i=gid) == {"node": None}

    assert not any("shelf_shelf" in query["sql"] for query in asked.captured_queries)


def test_a_choice_changes_the_schema_on_the_very_next_request(world):
    client = world.at("globex")
    for _ in range(3):
        manager.enable("shelf", actor=SYSTEM, customer="globex")
        assert client.data("{ shelves { name } }")["shelves"]
        assert "labels" in fails_to_find(client, "{ shelves { labels { text } } }")
        manager.disable("shelf", actor=SYSTEM, customer="globex")
        assert "Cannot query field 'shelves'" in fails_to_find(client, "{ shelves { name } }")


def test_each_answer_names_the_schema_it_was_given_by(world):
    names = {
        view: world.at(view).send({"query": "{ viewer { isPlatformOperator } }"})["Webnet-Schema"]
        for view in ("acme", "globex", None)
    }

    assert names["acme"] == names[None] != names["globex"]
    manager.disable("labels", actor=SYSTEM, customer="acme")
    manager.disable("shelf", actor=SYSTEM, customer="acme")
    answer = world.at("acme").send({"query": "{ viewer { isPlatformOperator } }"})
    assert answer["Webnet-Schema"] == names["globex"]


GOOD = json.dumps({"query": "{ viewer { isPlatformOperator } }"}).encode()
REFUSED = {
    "no JSON": b"{",
    "no document": b"{}",
    "no GraphQL": b'{"query": "{"}',
    "no field of the schema": b'{"query": "{ nothing }"}',
    "too deep": json.dumps({"query": "{ a" * 30 + "}" * 30}).encode(),
    "no operation of this name": b'{"query": "query A { __typename } query B { __typename }"}',
    "subscription": b'{"query": "subscription { pluginEvents { cursor } }"}',
    "wrong variable": b'{"query": "query($n: Int!) { plugins(first: $n) { totalCount } }", "variables": {"n": "x"}}',
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_an_answer_that_refuses_a_request_names_the_viewers_schema_too(world, refused):
    """Else a client would take its own mistake for a change of the schema."""
    host = GraphQLClient().send(GOOD)["Webnet-Schema"]
    for view in ("acme", None):
        client = world.at(view)
        answer = client.send(refused)

        assert "errors" in answer.json()
        assert answer["Webnet-Schema"] == client.send(GOOD)["Webnet-Schema"] != host


def test_an_answer_to_a_bug_names_the_viewers_schema_too(world, monkeypatch):
    client = world.at("acme")
    named = client.send(GOOD)["Webnet-Schema"]
    monkeypatch.setattr(views, "execute", lambda *_: 1 // 0)

    assert client.send(GOOD).status_code == 500
    assert client.send(GOOD)["Webnet-Schema"] == named


def test_who_is_let_in_nowhere_is_told_the_schema_of_the_host(world):
    """Whoever is not known to webnet, or not to this customer, learns nothing of what plugins there are."""
    host = GraphQLClient().send(GOOD)["Webnet-Schema"]
    stranger, bad_token = GraphQLClient(view="acme"), GraphQLClient(view="acme", token="wn_nobody")

    assert world.at("acme").send(GOOD)["Webnet-Schema"] != host
    answers = [world.at("no-such-customer").send(GOOD), bad_token.send(GOOD), stranger.send(GOOD), stranger.send(b"{")]
    assert [answer.status_code for answer in answers] == [404, 401, 200, 400]
    assert {answer["Webnet-Schema"] for answer in answers} == {host}


def test_the_platforms_view_shows_what_is_effective_for_one_of_the_viewers_customers(world):
    acme, globex = (GraphQLClient.of(make_member(f"at-{slug}", find(slug), Role.ADMIN)) for slug in ("acme", "globex"))

    assert acme.data("{ shelves { name } }")["shelves"]
    assert "Cannot query field" in fails_to_find(globex, "{ shelves { name } }")


def find(slug):
    from webnet.customers.models import Customer

    return Customer.objects.get(slug=slug)


def test_signed_out_only_the_host_is_there(world):
    nobody = GraphQLClient()

    assert "Cannot query field 'shelves'" in fails_to_find(nobody, "{ shelves { name } }")
    assert nobody.code("{ currentCustomer { slug } }") == "UNAUTHENTICATED"


@pytest.mark.parametrize("hidden", [frozenset(), frozenset({"labels"})])
def test_the_optimizer_works_in_a_derived_schema_as_in_the_full_one(world, hidden, django_assert_num_queries):
    schema = schema_without(hidden)
    shelf = Shelf.objects.get(customer__slug="acme")
    for number in range(20):
        Book.objects.create(shelf=shelf, title=str(number))
        Book.objects.create(shelf=Shelf.objects.create(customer=shelf.customer, name=str(number)), title="B")
    query = "{ shelves { ...S } } fragment S on Shelf { name books { ...B } } fragment B on Book { title }"

    context = SignedIn("acme")
    with django_assert_num_queries(2):
        result = schema.execute_sync(query, context_value=context)

    assert result.errors is None and len(result.data["shelves"]) == 21


class SignedIn:
    """As much of a context as the guards and the SDK ask for, with what is cached between requests."""

    is_signed_in, actor, identity, request = True, SYSTEM, None, HttpRequest()

    def __init__(self, view):
        self.batches = Batches()
        self.reading = Reading(actor=SYSTEM, platform_token=None)
        self.reading.enter_view(view)
        assert self.reading.effective_plugins

    def choose_columns(self, find):
        self.reading.find_columns = find


def test_with_every_plugin_hidden_it_is_the_schema_of_the_host_alone(world):
    sdl = schema_without(full_schema().owners.plugins).export()

    assert "@plugin(name:" not in sdl.replace("directive @plugin(name: String!)", "")
    assert build_schema(sdl, assume_valid=True).type_map.keys().isdisjoint(full_schema().owners.types)


def test_the_full_schema_says_which_plugin_brings_what():
    sdl = full_schema().schema.export()

    assert 'type Shelf implements Node & Named @plugin(name: "shelf")' in sdl
    assert 'enum Material @plugin(name: "shelf")' in sdl and 'union Found @plugin(name: "shelf")' in sdl
    assert 'labels: [Label!]! @plugin(name: "labels")' in sdl and 'type Label @plugin(name: "labels")' in sdl
    assert "type Customer implements Node {" in sdl and 'shelfCount: Int! @plugin(name: "shelf")' in sdl


def test_schemas_that_nobody_asks_for_any_more_are_freed(world, monkeypatch):
    monkeypatch.setattr(visibility, "_derived", BoundedCache(1))
    first = schema_without({"labels"})
    first.execute_sync("{ shelves { name books { title } } __typename }", context_value=SignedIn("acme"))
    first.get_type_by_name("Shelf"), first.fingerprint
    seen = [weakref.ref(first), weakref.ref(first.graphql)]
    del first
    gc.collect()
    assert all(ref() is not None for ref in seen), "the cache keeps the last one"

    schema_without(PLUGINS)
    gc.collect()

    assert [ref() for ref in seen] == [None, None]


@pytest.mark.slow
def test_requests_leave_no_schema_behind_that_the_cache_has_let_go(world, monkeypatch):
    """Over HTTP, with all that keeps parsed and validated documents; streams are not among them."""
    monkeypatch.setattr(visibility, "_derived", BoundedCache(2))
    made = []
    deriving = visibility.derive
    monkeypatch.setattr(visibility, "derive", lambda *given: made.append(weakref.ref(deriving(*given))) or made[-1]())
    query = "{ plugins { edges { node { name } } } shelves { ...S } } fragment S on Shelf { name books { title } }"

    for number in range(6):
        assert world.at("acme").data(f"{query} # {number}")["shelves"]
        manager.disable("labels", actor=SYSTEM, customer="acme")
        assert world.at("acme").data(f"{query} # {number}")["shelves"]
        manager.enable("labels", actor=SYSTEM, customer="acme")
        assert fails_to_find(world.at("globex"), query)

    gc.collect()
    assert len(made) > 6 and sum(ref() is not None for ref in made) <= 2


def test_many_threads_get_one_schema_for_one_set(world, monkeypatch):
    monkeypatch.setattr(visibility, "_derived", BoundedCache(4))
    with ThreadPoolExecutor(16) as pool:
        schemas = set(pool.map(lambda _: id(schema_without({"labels"})), range(64)))

    assert len(schemas) == 1


@pytest.mark.slow
def test_a_schema_that_many_threads_use_at_once_before_anybody_else_gives_each_the_right_answer(world):
    """Types are made as they are asked for: here by 16 at the same time."""
    asked = (get_introspection_query(), "{ shelvez { name } }", "{ shelves { labels { text } } }", "{ __typename }")
    contexts = [SignedIn("acme") for _ in range(16)]

    def ask(schema, number, start):
        start.wait()
        results = [schema.execute_sync(query, context_value=contexts[number]) for query in asked[number % 4 :] + asked]
        return [(result.data, [error.message for error in result.errors or ()]) for result in results[-4:]]

    known = schema_without({"labels"})
    expected = [known.execute_sync(query, context_value=contexts[0]) for query in asked]
    told = [(result.data, [error.message for error in result.errors or ()]) for result in expected]
    with ThreadPoolExecutor(16) as pool:
        for _ in range(3):
            fresh, start = derive(full_schema(), frozenset({"labels"})), Barrier(16)
            assert [each == told for each in pool.map(lambda n: ask(fresh, n, start), range(16))] == [True] * 16  # noqa: B023 - asked at once


def test_a_plugin_on_by_availability_is_in_the_schema_too(world):
    manager.set_availability("shelf", actor=SYSTEM, availability=Availability.REQUIRED)

    assert world.at("globex").data("{ shelves { name } }")["shelves"]


def test_deriving_twice_gives_the_same_schema(world):
    full = full_schema()

    assert derive(full, PLUGINS).export() == derive(full, PLUGINS).export()
