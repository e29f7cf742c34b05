"""What changes cost: the statements of each, and that none of them reads more where there are more plugins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.plugins import numbered
from tests.factories import make_customer, make_member, make_operator
from webnet.customers.models import Customer, Role
from webnet.plugins.base import PluginBase
from webnet.plugins.models import CustomerPluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

CONFIG = "config { enabled effective availability ineffectiveReasons plugin { name } customer { slug } } changed"
PLUGIN = "plugin { name enabled availability } changed"


class Tuned(PluginBase):
    name = "tuned"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"size": {"type": "integer"}}}

    def get_permissions(self) -> list[Any]:
        return [{"name": "tune", "description": "Tune"}]


@contextmanager
def at_most(statements: int) -> Iterator[None]:
    """No more statements than that; on PostgreSQL one more, which notifies other processes after the commit."""
    with CaptureQueriesContext(connection) as captured:
        yield
    most = statements + (connection.vendor == "postgresql")
    assert len(captured) <= most, [each["sql"][:90] for each in captured]


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme")


@contextmanager
def counting_rows() -> Iterator[Counter[str]]:
    """How many instances of each model are made."""
    made: Counter[str] = Counter()

    def count(sender: type, **_: Any) -> None:
        made[sender.__name__] += 1

    post_init.connect(count)
    yield made
    post_init.disconnect(count)


def toggle(client: GraphQLClient, **values: Any) -> dict[str, Any]:
    """Disables the plugin and enables it again: the second of two equal changes, with warm caches, is the answer."""
    client.mutate("disableCustomerPlugin", CONFIG, customer="acme", **values)
    answer = client.mutate("enableCustomerPlugin", CONFIG, customer="acme", **values)
    assert answer["changed"], answer
    return answer


@pytest.mark.parametrize("view", [None, "acme"])
@pytest.mark.parametrize("who", ["member", "platform"])
def test_a_toggle_takes_twelve_statements(install: Callable[..., None], acme: Customer, who: str, view: str | None):
    install(*numbered(3), enabled=True)
    user = make_operator() if who == "platform" else make_member("oscar", acme, Role.OPERATOR)
    client = GraphQLClient.of(user, view=view)
    toggle(client, plugin="plugin_001")
    client.mutate("disableCustomerPlugin", CONFIG, customer="acme", plugin="plugin_001")

    with at_most(12):
        answer = client.mutate("enableCustomerPlugin", CONFIG, customer="acme", plugin="plugin_001")

    assert answer["changed"] and answer["config"]["effective"]


@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_a_toggle_reads_no_rows_of_plugins_however_many_there_are(
    install: Callable[..., None], acme: Customer, count: int
):
    install(*numbered(count), enabled=True)
    client = GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR), view="acme")
    choices = CustomerPluginConfig._meta.get_field("plugin").related_model.objects.exclude(name="plugin_001")
    CustomerPluginConfig.objects.bulk_create(
        CustomerPluginConfig(customer=acme, plugin=plugin, enabled=True) for plugin in choices
    )
    toggle(client, plugin="plugin_001")
    client.mutate("disableCustomerPlugin", CONFIG, customer="acme", plugin="plugin_001")

    with counting_rows() as made:
        answer = client.mutate("enableCustomerPlugin", CONFIG, customer="acme", plugin="plugin_001")

    assert answer["changed"]
    # The lock's row of the customer, and its copy; nothing of plugins but what is copied, which makes no instance.
    assert made["PluginConfig"] == made["CustomerPluginConfig"] == 0
    assert sum(made.values()) <= 10, made


# (mutation, its selection, its input for the first and the second change, the most statements)
CHANGES = {
    "a customer's settings": (
        "updateCustomerPluginSettings",
        "config { settings } changed",
        ({"customer": "acme", "settings": {"size": 1}}, {"customer": "acme", "settings": {"size": 2}}),
        14,
    ),
    "everybody's settings": (
        "updatePluginSettings",
        "plugin { settings } changed",
        ({"settings": {"size": 1}}, {"settings": {"size": 2}}),
        16,
    ),
    "a customer's availability": (
        "setPluginAvailability",
        PLUGIN,
        ({"customer": "acme", "availability": "DEFAULT_ON"}, {"customer": "acme", "availability": "REQUIRED"}),
        12,
    ),
    "everybody's availability": (
        "setPluginAvailability",
        PLUGIN,
        ({"availability": "DEFAULT_ON"}, {"availability": "REQUIRED"}),
        12,
    ),
    "everybody's switch": (
        "enablePlugin",
        PLUGIN,
        ({"availability": "DEFAULT_ON"}, {"availability": "REQUIRED"}),
        12,
    ),
    "a role's permission": (
        "setRolePermission",
        "permission { codename } changed",
        ({"customer": "acme", "role": "VIEWER", "granted": True}, {"customer": "acme", "role": "VIEWER"}),
        14,
    ),
    "a choice that is forgotten": (
        "resetCustomerPlugin",
        CONFIG,
        ({"customer": "acme"}, {"customer": "acme"}),
        12,
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_other_changes_take_few_statements(install: Callable[..., None], acme: Customer, what: str):
    install(Tuned(), *numbered(2), enabled=True)
    client = GraphQLClient.of(make_operator())
    mutation, selection, (first, second), most = CHANGES[what]
    client.mutate("enableCustomerPlugin", CONFIG, customer="acme", plugin="tuned")
    subject = {"permission": "tuned.tune"} if mutation == "setRolePermission" else {"plugin": "tuned"}
    client.mutate(mutation, selection, **subject, **first)
    if first == second:
        client.mutate("enableCustomerPlugin", CONFIG, customer="acme", plugin="tuned")
    client.run('{ customer(slug: "acme") { pluginConfigs { edges { node { effective } } } } }')

    with at_most(most):
        answer = client.mutate(mutation, selection, **subject, **second)

    assert answer["changed"], answer
