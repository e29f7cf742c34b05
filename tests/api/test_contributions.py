"""What a plugin adds, by name, for those who operate."""

from __future__ import annotations

import pytest

from webnet.customers.access import Actor
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = """query($plugin: String!) { plugin(name: $plugin) { contributions {
    models types extendedTypes queries mutations subscriptions pages dashboardWidgets
    navigationItems { label url plugin { name } } permissions { codename description minimumRole } } } }"""


@pytest.fixture(autouse=True)
def _greeter_is_enabled(world):
    manager.enable("greeter", actor=Actor.system("tests"))


def contributions(client, plugin="greeter"):
    return client.data(QUERY, plugin=plugin)["plugin"]["contributions"]


def test_what_a_plugin_declares_is_told_by_name(operator):
    assert contributions(operator) == {
        "models": [],
        "types": [],
        "extendedTypes": [],
        "queries": [],
        "mutations": [],
        "subscriptions": [],
        "pages": [],
        "dashboardWidgets": ["hello", "page", "broken"],
        "navigationItems": [
            {"label": "Shouting", "url": "/shouting/", "plugin": {"name": "greeter"}},
            {"label": "Greetings", "url": "/greetings/", "plugin": {"name": "greeter"}},
        ],
        "permissions": [
            {"codename": "greeter.greet", "description": "May greet.", "minimumRole": "VIEWER"},
            {"codename": "greeter.shout", "description": "May shout.", "minimumRole": "ADMIN"},
        ],
    }


def test_viewers_are_not_told(viewer, operator, platform, admin):
    assert contributions(viewer) is None
    assert contributions(viewer.at("acme")) is None
    assert all(contributions(each) for each in (operator, operator.at("acme"), admin, platform, platform.at("acme")))


def test_a_plugin_that_did_not_load_adds_nothing(platform):
    assert contributions(platform, "broken") is None
