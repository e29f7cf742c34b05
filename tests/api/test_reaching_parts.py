"""A plugin reaches into types of the host and of a plugin that it needs, and leaves no trace where it is off."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import ANY

import pytest

from webnet.api.vocabulary.node import global_id, read_global_id
from webnet.sdk.testing import BootedWebnet, boot

REACHING = """{
  currentCustomer { sign { name } }
  plugin(name: "shelf") { sign { name } }
  viewer { user { sign { name } } }
  shelves { sign { name } }
  hanging { __typename ... on Named { name } }
}"""
TRACES = """{
  named: __type(name: "Named") { possibleTypes { name } }
  union: __type(name: "Hanging") { name }
  sign: __type(name: "Sign") { name }
  plugin: __type(name: "Plugin") { fields { name } }
  customer: __type(name: "Customer") { fields { name } }
  user: __type(name: "User") { fields { name } }
  shelf: __type(name: "Shelf") { fields { name } }
}"""


@pytest.fixture(scope="module")
def webnet() -> Iterator[BootedWebnet]:
    """acme has the shelf and its signs, globex the shelf alone."""
    with boot(["shelf", "signs"]) as webnet:
        webnet.enable("signs", "acme")
        webnet.enable("shelf", "globex")
        for slug in ("acme", "globex"):
            webnet.client("operator", slug).mutate("addShelf", "shelf { name }", name="oak")
        yield webnet


def test_its_fields_are_on_types_of_the_host_and_of_the_plugin_that_it_needs(webnet):
    assert webnet.client("operator", "acme").query(REACHING) == {
        "currentCustomer": {"sign": {"name": "This is acme"}},
        "plugin": {"sign": {"name": "This is shelf"}},
        "viewer": {"user": {"sign": {"name": ANY}}},
        "shelves": [{"sign": {"name": "This is oak"}}],
        "hanging": [{"__typename": "Sign", "name": "Exit"}, {"__typename": "Shelf", "name": "oak"}],
    }


def test_where_it_is_off_interfaces_unions_and_types_have_nothing_of_it(webnet):
    there, gone = (webnet.client("viewer", slug).query(TRACES) for slug in ("acme", "globex"))

    assert {kind["name"] for kind in there["named"]["possibleTypes"]} == {"Shelf", "Sign"}
    assert gone["named"]["possibleTypes"] == [{"name": "Shelf"}]
    assert there["union"] and there["sign"] and gone["union"] is gone["sign"] is None
    for kind in ("plugin", "customer", "user", "shelf"):
        assert {"name": "sign"} in there[kind]["fields"] and {"name": "sign"} not in gone[kind]["fields"], kind


def test_the_platforms_view_shows_by_it_only_rows_of_those_for_whom_it_is_effective(webnet):
    """Globex has the shelf, whose rows these are, and not the plugin that would show them."""
    client = webnet.client("platform", None)

    found = client.query("""{ shelves { name } hanging { __typename }
        signedShelves { totalCount edges { node { id words } } } }""")

    assert found["shelves"] == [{"name": "oak"}] * 2
    assert [each["__typename"] for each in found["hanging"]] == ["Sign", "Shelf"]
    assert found["signedShelves"]["totalCount"] == len(found["signedShelves"]["edges"]) == 1
    (foreign,) = webnet.client("viewer", "globex").query("{ shelves { id } }")["shelves"]
    _, key = read_global_id(foreign["id"])
    signed = global_id("SignedShelf", key)
    assert client.query("query($id: ID!) { node(id: $id) { id } }", id=foreign["id"])["node"] == foreign
    assert client.query("query($id: ID!) { node(id: $id) { id } }", id=signed) == {"node": None}


ADDED = """{ customers { edges { node {
  slug greeting notices markedShelfCount markedShelves { totalCount edges { node { name } } pageInfo { hasNextPage } }
} } } shelves { customer { slug } hint } }"""


def test_on_the_platforms_view_its_fields_say_nothing_of_customers_without_it(webnet):
    """One schema shows the rows of both customers there, so the gate is asked for each row."""
    found = webnet.client("platform", None).query(ADDED)

    acme, globex = (edge["node"] for edge in found["customers"]["edges"])
    marked = {"totalCount": 1, "edges": [{"node": {"name": "oak"}}], "pageInfo": {"hasNextPage": False}}
    assert acme == {
        "slug": "acme",
        "greeting": "Welcome to acme",
        "notices": ["acme is open"],
        "markedShelfCount": 1,
        "markedShelves": marked,
    }
    assert globex == {
        "slug": "globex",
        "greeting": None,
        "notices": [],
        "markedShelfCount": 0,
        "markedShelves": {"totalCount": 0, "edges": [], "pageInfo": {"hasNextPage": False}},
    }
    assert {each["customer"]["slug"]: each["hint"] for each in found["shelves"]} == {
        "acme": "Mind oak",
        "globex": None,
    }


def test_what_can_be_nothing_there_is_an_error_with_a_code(webnet):
    client = webnet.client("platform", None)
    query = "query($id: ID!) { node(id: $id) { id ... on Customer { sign { name } } } }"
    ids = {edge["node"]["slug"]: edge["node"]["id"] for edge in _customers(client)}

    assert client.query(query, id=ids["acme"])["node"]["sign"] == {"name": "This is acme"}
    assert client.error_code(query, id=ids["globex"]) == "PLUGIN_NOT_EFFECTIVE"
    assert client.query('{ plugin(name: "shelf") { sign { name } } }')["plugin"]["sign"]


def test_a_row_that_its_resolver_found_unscoped_is_withheld_for_customers_without_it(webnet):
    """The shelf itself is effective for globex; the type that shows it here is another plugin's."""
    answer = webnet.client("platform", None).run("{ unscopedShelves { words } }")

    assert answer["data"]["unscopedShelves"] == [{"words": "This is oak"}, None]
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["PLUGIN_FAILED"]


def _customers(client):
    return client.query("{ customers { edges { node { id slug } } } }")["customers"]["edges"]


def test_of_two_types_for_the_same_rows_a_node_is_the_one_that_its_id_names(webnet):
    client = webnet.client("viewer", "acme")
    ids = client.query("{ shelves { id } signedShelves { edges { node { id } } } }")
    by_type = {"Shelf": ids["shelves"][0]["id"], "SignedShelf": ids["signedShelves"]["edges"][0]["node"]["id"]}
    query = "query($id: ID!) { node(id: $id) { __typename id ... on SignedShelf { words } ... on Shelf { name } } }"

    found = {name: client.query(query, id=each)["node"] for name, each in by_type.items()}

    assert found == {
        "Shelf": {"__typename": "Shelf", "id": by_type["Shelf"], "name": "oak"},
        "SignedShelf": {"__typename": "SignedShelf", "id": by_type["SignedShelf"], "words": "This is oak"},
    }
    assert webnet.client("viewer", "globex").query("query($id: ID!) { node(id: $id) { id } }", id=by_type["Shelf"]) == {
        "node": None
    }
