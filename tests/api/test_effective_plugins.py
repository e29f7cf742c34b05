"""Viewers ask which plugins are effective for them, and what each adds to the very schema that they see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql import get_introspection_query, specified_scalar_types

from tests.api.client import GraphQLClient
from tests.api.plugins import numbered
from tests.factories import make_customer, make_member, make_membership, make_operator
from tests.plugins.conftest import install, registered
from tests.trials import warm_trials
from webnet.api.http.kept_answers import kept_answers
from webnet.api.visibility import schema_without
from webnet.api.vocabulary.enums import TypeKind
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability

__all__ = ["install", "registered", "warm_trials"]

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
QUERY = "{ effectivePlugins { id plugin { name verboseName version } types fields } }"
NAMES = "{ effectivePlugins { plugin { name } } }"
OF_EACH_KIND = " ".join(f"{kind.name}: types(kind: {kind.name})" for kind in TypeKind)
BY_KIND = f"{{ effectivePlugins {{ plugin {{ name }} types {OF_EACH_KIND} fields }} }}"
ALL = ("gauges", "hello_world", "labels", "reachability", "site_map")
SETS = {"none": (), "one": ("shelf",), "one that extends another": ("labels",), "two": ("gauges", "labels"), "all": ALL}
BUILT_IN = frozenset(specified_scalar_types)


@pytest.fixture
def viewer() -> GraphQLClient:
    """A viewer of acme, in its view; every plugin is offered to it, and none is effective."""
    manager.sync(actor=SYSTEM)
    acme = make_customer("acme")
    make_customer("globex")
    for plugin in ALL:
        manager.enable(plugin, actor=SYSTEM, with_dependencies=True)
    return GraphQLClient.of(make_member("vera", acme, Role.VIEWER), view="acme")


def turn_on(*plugins: str, customer: str = "acme") -> None:
    for plugin in plugins:
        manager.enable(plugin, actor=SYSTEM, customer=customer, with_dependencies=True)


def effective(client: GraphQLClient) -> dict[str, Any]:
    """What is answered, by the plugin's name."""
    return {each["plugin"]["name"]: each for each in client.data(BY_KIND)["effectivePlugins"]}


def introspect(client: GraphQLClient) -> dict[str, Any]:
    """The schema that the viewer sees, by type."""
    return {each["name"]: each for each in client.data(get_introspection_query())["__schema"]["types"]}


def subtract(schema: dict[str, Any], plugins: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The schema without what these plugins say that they add; raises KeyError for anything that it does not have."""
    types, fields = {name: dict(kind) for name, kind in schema.items()}, []
    for plugin in plugins:
        for name in plugin["types"]:
            kind = types.pop(name)["kind"]
            assert [each.name for each in TypeKind if name in plugin[each.name]] == [kind]
        fields += [each.split(".") for each in plugin["fields"]]
    for type_name, field_name in fields:
        if type_name in types:
            kind = types[type_name]
            place = "inputFields" if kind["kind"] == "INPUT_OBJECT" else "fields"
            left = [field for field in kind[place] if field["name"] != field_name]
            assert len(left) == len(kind[place]) - 1, (type_name, field_name)
            kind[place] = left
        else:
            assert field_name in [field["name"] for field in schema[type_name]["fields"]]
    for kind in types.values():
        if kind["possibleTypes"]:
            kind["possibleTypes"] = [each for each in kind["possibleTypes"] if each["name"] in types]
    return without_built_in(types)


def without_built_in(types: dict[str, Any]) -> dict[str, Any]:
    """Built-in scalars belong to GraphQL; each is in a schema when something refers to it."""
    return {name: kind for name, kind in types.items() if name not in BUILT_IN}


@pytest.mark.slow
@pytest.mark.parametrize("plugins", SETS.values(), ids=SETS)
def test_the_answer_is_the_difference_that_each_plugin_makes_to_the_viewers_schema(viewer, plugins):
    host = introspect(viewer)
    turn_on(*plugins)

    shown, schema = effective(viewer), introspect(viewer)

    assert set(plugins) <= set(shown)
    assert subtract(schema, shown.values()) == without_built_in(host)
    for plugin in shown:
        manager.disable(plugin, actor=SYSTEM, customer="acme", with_dependents=True)
        left = effective(viewer)
        assert left == {name: each for name, each in shown.items() if name in left} and plugin not in left
        assert subtract(schema, (shown[name] for name in shown if name not in left)) == without_built_in(
            introspect(viewer)
        )
        turn_on(*plugins)


def test_each_plugin_is_there_with_its_types_and_the_fields_that_it_adds_to_those_of_others(viewer):
    turn_on("labels", "hello_world")

    shown = {each["plugin"]["name"]: each for each in viewer.data(QUERY)["effectivePlugins"]}

    assert list(shown) == sorted(shown)
    assert shown["labels"]["plugin"] == {"name": "labels", "verboseName": "labels", "version": "1.0"}
    assert shown["labels"]["types"] == ["Label"]
    assert shown["labels"]["fields"] == ["Query.labelCount", "Shelf.labels"]
    assert {"Customer.shelfCount", "Query.shelves", "Mutation.addShelf"} <= set(shown["shelf"]["fields"])
    assert not any(each.startswith("Shelf.") for each in shown["shelf"]["fields"])
    assert {"Shelf", "Material", "Found", "AddShelfInput", "Named"} <= set(shown["shelf"]["types"])


def test_types_are_named_by_kind(viewer):
    turn_on("shelf")

    shelf = effective(viewer)["shelf"]

    assert shelf["ENUM"] == [
        name for name in shelf["types"] if name in ("BookOrderField", "Material", "ShelfOrderField")
    ]
    assert "Named" in shelf["INTERFACE"] and "Found" in shelf["UNION"] and "AddShelfInput" in shelf["INPUT_OBJECT"]


def test_off_withheld_and_never_existed_look_alike(viewer):
    turn_on("labels")
    never = effective(viewer)
    turn_on("gauges", "hello_world")
    assert {"gauges", "hello_world"} <= set(effective(viewer))

    manager.disable("gauges", actor=SYSTEM, customer="acme")
    manager.set_availability("hello_world", actor=SYSTEM, customer="acme", availability=Availability.WITHHELD)

    assert effective(viewer) == never


def test_every_role_gets_the_same_answer(viewer):
    turn_on("labels")
    admin = GraphQLClient.of(make_member("ann", Customer.objects.get(slug="acme"), Role.ADMIN), view="acme")
    platform = GraphQLClient.of(make_operator(), view="acme")

    assert viewer.data(QUERY) == admin.data(QUERY) == platform.data(QUERY)


def test_the_platforms_view_shows_those_of_all_the_viewers_customers(viewer):
    turn_on("labels")
    turn_on("hello_world", customer="globex")
    both = make_member("bob", Customer.objects.get(slug="acme"), Role.VIEWER)
    make_membership(both, Customer.objects.get(slug="globex"))

    def names(client: GraphQLClient) -> set[str]:
        return {each["plugin"]["name"] for each in client.data(NAMES)["effectivePlugins"]}

    assert names(viewer.at(None)) == {"labels", "shelf"}
    assert names(GraphQLClient.of(both)) == {"labels", "shelf", "hello_world"}
    assert set(ALL) < names(GraphQLClient.of(make_operator()))


def test_the_platforms_view_is_told_what_its_own_schema_has(viewer):
    client = GraphQLClient.of(make_operator())
    host = introspect(viewer)

    assert subtract(introspect(client), effective(client).values()) == without_built_in(host)


def test_what_goes_with_a_hidden_plugin_is_not_said_to_be_there():
    """A type of labels refers to one of shelf: nothing of shelf is named, whatever labels owns."""
    found = schema_without({"shelf"}).additions

    assert "shelf" not in found
    assert found["labels"].types == (("Label", TypeKind.OBJECT),) and found["labels"].fields == ("Query.labelCount",)


@pytest.mark.slow
# A member's customers are read on the platform's view.
@pytest.mark.parametrize(("view", "expected"), [(None, (1, 2)), ("acme", (1, 1))])
def test_statements_do_not_grow_with_the_plugins(install, view, expected):
    acme = make_customer("acme")
    clients = [GraphQLClient.of(make_operator(), view=view), GraphQLClient.of(make_member("vera", acme), view=view)]
    counted = []
    for count in (3, 30):
        install(*numbered(count), enabled=True)
        for plugin in range(count):
            manager.enable(f"plugin_{plugin:03}", actor=SYSTEM, customer="acme", with_dependencies=True)
        for client in clients:
            assert len(client.data(QUERY)["effectivePlugins"]) == count
            kept_answers.clear()
            with CaptureQueriesContext(connection) as statements:
                client.data(QUERY)
            counted.append(len(statements))

    assert tuple(counted) == expected * 2


def test_the_answer_is_kept_until_the_plugins_state_changes(viewer):
    turn_on("labels")
    kept_answers.clear()

    first = viewer.data(QUERY)

    assert len(kept_answers) == 1
    assert viewer.data(QUERY) == first
    turn_on("gauges")
    assert viewer.data(QUERY) != first


def test_what_it_costs_is_far_below_the_budget_of_a_viewer(viewer):
    turn_on(*ALL)

    answer = viewer.send({"query": QUERY.replace(" id ", " ")}, **{"Webnet-Explain": "cost"}).json()

    assert answer["extensions"]["cost"] == {"requested": 4_002, "budget": 200_000}
