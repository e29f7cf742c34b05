"""All that a plugin needs and all that need it, also through others, and what it says about upgrades."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import GraphQLClient
from tests.api.conftest import World
from tests.factories import make_customer, make_member, make_operator
from webnet.customers.access import Actor
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = """query($name: String!) { plugin(name: $name) { dependencyGraph {
    dependent { name } dependency { name specifier isSatisfied plugin { version } } } } }"""


def make_plugin(name: str, *needs: str) -> PluginBase:
    made: PluginBase = type(name.title(), (PluginBase,), {"name": name, "version": "1.0", "dependencies": needs})()
    return made


def graph(client: Any, name: str) -> list[tuple[str, str, bool, bool]]:
    links = client.data(QUERY, name=name)["plugin"]["dependencyGraph"]
    return [
        (link["dependent"]["name"], needed["name"] + needed["specifier"], needed["isSatisfied"], bool(needed["plugin"]))
        for link in links
        for needed in [link["dependency"]]
    ]


@pytest.fixture
def chain(install: Any) -> GraphQLClient:
    """`top` needs `middle`, which needs `bottom`; `side` needs `bottom` in a version that is not installed."""
    plugins = [
        make_plugin("top", "middle>=1"),
        make_plugin("middle", "bottom"),
        make_plugin("bottom", "gone"),
        make_plugin("side", "bottom>=2"),
        make_plugin("apart"),
    ]
    install(*plugins, enabled=False)
    return GraphQLClient.of(make_operator("ops"))


def test_the_nearest_come_first_and_each_once(chain: GraphQLClient) -> None:
    assert graph(chain, "middle") == [
        ("middle", "bottom", True, True),
        ("top", "middle>=1", True, True),
        ("bottom", "gone", False, False),
    ]


def test_what_is_missing_or_in_another_version_does_not_satisfy(chain: GraphQLClient) -> None:
    assert graph(chain, "bottom") == [
        ("bottom", "gone", False, False),
        ("middle", "bottom", True, True),
        ("side", "bottom>=2", False, True),
        ("top", "middle>=1", True, True),
    ]
    assert graph(chain, "apart") == []


def test_a_cycle_ends(install: Any) -> None:
    install(make_plugin("egg", "hen"), make_plugin("hen", "egg"))

    assert graph(GraphQLClient.of(make_operator("ops")), "egg") == [
        ("egg", "hen", True, True),
        ("hen", "egg", True, True),
    ]


def test_it_does_not_lead_through_a_plugin_that_the_viewer_may_not_see(chain: GraphQLClient) -> None:
    system = Actor.system("tests")
    acme = make_customer("acme")
    vera = GraphQLClient.of(make_member("vera", acme))
    for name in ("bottom", "middle", "top", "side"):
        PluginConfig.objects.filter(name=name).update(enabled=True)
    manager.set_availability("middle", actor=system, availability=Availability.WITHHELD)

    shown = [("bottom", "gone", False, False), ("side", "bottom>=2", False, True)]
    assert graph(vera, "bottom") == shown
    assert graph(vera.at("acme"), "bottom") == shown
    assert graph(vera, "top") == [("top", "middle>=1", True, False)]
    assert vera.data(QUERY, name="middle")["plugin"] is None


def test_notes_of_the_installed_version_are_shown_to_all_who_see_the_plugin(
    world: World, platform: GraphQLClient, viewer: GraphQLClient
) -> None:
    query = "query($name: String!) { plugin(name: $name) { upgradeNotes { version text } } }"
    manager.enable("greeter", actor=Actor.system("tests"))

    notes = platform.data(query, name="greeter")["plugin"]["upgradeNotes"]

    assert notes == [
        {"version": "1.2.0", "text": "Choose a greeting first."},
        {"version": "1.1", "text": "Nothing to do."},
    ]
    assert viewer.data(query, name="greeter")["plugin"]["upgradeNotes"] == notes
    assert platform.data(query, name="broken")["plugin"]["upgradeNotes"] == []
