"""What a plugin adds, by name, for those who operate."""

from __future__ import annotations

import pytest

from webnet.customers.access import Actor
from webnet.customers.models import Membership, User
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = """query($plugin: String!) { plugin(name: $plugin) { contributions {
    models tables { name } types fields extendedTypes queries mutations subscriptions pages dashboardWidgets
    navigationItems { label url plugin { name } } permissions { codename description minimumRole }
    externalHosts { name description } } } }"""


@pytest.fixture(autouse=True)
def _greeter_is_enabled(world):
    manager.enable("greeter", actor=Actor.system("tests"))


def contributions(client, plugin="greeter"):
    return client.data(QUERY, plugin=plugin)["plugin"]["contributions"]


def test_what_a_plugin_declares_is_told_by_name(operator):
    assert contributions(operator) == {
        "models": [],
        "tables": [],
        "types": [],
        "fields": [],
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
        "externalHosts": [{"name": "api.example.com:443", "description": "Translates greetings."}],
    }


def test_viewers_are_not_told(viewer, operator, platform, admin):
    assert contributions(viewer) is None
    assert contributions(viewer.at("acme")) is None
    assert all(contributions(each) for each in (operator, operator.at("acme"), admin, platform, platform.at("acme")))


def test_a_plugin_that_did_not_load_adds_nothing(platform):
    assert contributions(platform, "broken") is None


def test_tables_are_those_of_the_models_and_those_that_connect_their_rows(install, platform):
    class Librarian(PluginBase):
        name = "librarian"
        version = "1.0"

        def get_models(self):
            return [User, Membership]

    install(Librarian())
    query = '{ plugin(name: "librarian") { contributions { tables { name model isCustomerOwned } } } }'

    tables = platform.data(query)["plugin"]["contributions"]["tables"]

    assert [(table["name"], table["model"]) for table in tables] == [
        ("customers_membership", "customers.Membership"),
        ("customers_user", "customers.User"),
        ("customers_user_groups", "customers.User_groups"),
        ("customers_user_user_permissions", "customers.User_user_permissions"),
    ]
    assert not any(table["isCustomerOwned"] for table in tables)
