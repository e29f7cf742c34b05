"""Who changed a plugin last, for everybody and for a customer: a page of them in one statement, by an index."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.plans import analyze, count_rows_read, explain
from tests.api.plugins import numbered
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_many
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("command: tests")
LOG = "plugins_pluginauditlog"
OF_PLUGINS = (
    "{ plugins(first: 100) { nodes { name lastChange { createdAt actorName action reason user { username } } } } }"
)
OF_CONFIGS = """query($first: Int) { customer(slug: "acme") { pluginConfigs(first: $first) {
  nodes { plugin { name } lastChange { createdAt actorName action reason user { username } } } } } }"""


@pytest.fixture
def acme(install):
    install(*numbered(40), enabled=True)
    return make_customer("acme")


@pytest.fixture
def platform(acme) -> GraphQLClient:
    return GraphQLClient.of(make_operator("root"))


def test_a_plugins_last_change_is_who_did_what_and_why(platform):
    platform.mutate("disablePlugin", "changed", plugin="plugin_001", reason="Too slow")
    manager.set_availability("plugin_002", actor=SYSTEM, availability=Availability.REQUIRED)

    found = {each["name"]: each["lastChange"] for each in platform.data(OF_PLUGINS)["plugins"]["nodes"]}

    assert found["plugin_001"].pop("createdAt")
    assert found["plugin_001"] == {
        "actorName": "root",
        "action": "disable_plugin",
        "reason": "Too slow",
        "user": {"username": "root"},
    }
    assert (found["plugin_002"]["actorName"], found["plugin_002"]["user"]) == ("command: tests", None)
    assert found["plugin_002"]["action"] == "set_plugin_availability"


def test_neither_refusals_nor_checks_nor_changes_of_a_customer_are_a_change_for_everybody(platform):
    manager.set_availability("plugin_001", actor=SYSTEM, availability=Availability.REQUIRED)
    platform.mutate("enablePlugin", "changed", plugin="plugin_001")
    platform.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="plugin_001")
    platform.mutate("checkPluginHealth", "health { status }", plugin="plugin_001")
    platform.mutate("disableCustomerPlugin", "changed", customer="acme", plugin="plugin_001")

    change = platform.data('{ plugin(name: "plugin_001") { lastChange { action } } }')["plugin"]["lastChange"]

    assert change == {"action": "set_plugin_availability"}


def test_a_customers_last_change_is_for_its_operators(platform, acme):
    olga = GraphQLClient.of(make_member("olga", acme, Role.OPERATOR), view="acme")
    vera = GraphQLClient.of(make_member("vera", acme, Role.VIEWER), view="acme")
    olga.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="plugin_003", reason="Wanted")
    manager.disable("plugin_003", actor=SYSTEM, customer=make_customer("globex").slug)

    def ask(client: GraphQLClient) -> list[object]:
        nodes = client.data(OF_CONFIGS)["customer"]["pluginConfigs"]["nodes"]
        return [
            (each["plugin"]["name"], each["lastChange"]["actorName"], each["lastChange"]["reason"])
            for each in nodes
            if each["lastChange"]
        ]

    assert ask(olga) == ask(platform) == [("plugin_003", "olga", "Wanted")]
    assert ask(vera) == []
    assert all(each["lastChange"] is None for each in olga.data(OF_PLUGINS)["plugins"]["nodes"])


def test_a_page_takes_one_statement_for_all_of_its_plugins(platform, acme):
    olga = GraphQLClient.of(make_member("olga", acme, Role.OPERATOR), view="acme")
    for number in range(0, 40, 2):
        manager.enable(f"plugin_{number:03}", actor=SYSTEM, customer="acme")

    olga.data(OF_CONFIGS)
    with CaptureQueriesContext(connection) as of_members:
        assert olga.data(OF_CONFIGS)["customer"]["pluginConfigs"]["nodes"] != []
    with CaptureQueriesContext(connection) as of_plugins:
        platform.data(OF_PLUGINS)
    with CaptureQueriesContext(connection) as of_configs:
        configs = platform.data(OF_CONFIGS)["customer"]["pluginConfigs"]["nodes"]

    assert sum(each["lastChange"] is not None for each in configs) == 20
    for asked in (of_plugins, of_configs):
        assert len([each for each in asked if LOG in each["sql"]]) == 1
    assert len(of_members) <= 4, [each["sql"][:200] for each in of_members]


@pytest.mark.slow
def test_a_long_log_is_not_read_for_it(platform, acme):
    """Checks of the same plugin, which are no changes, don't make it read more, nor changes of others or before."""

    def statements() -> list[str]:
        found = []
        for query in (OF_PLUGINS, OF_CONFIGS):
            with CaptureQueriesContext(connection) as asked:
                platform.data(query)
            found += [each["sql"] for each in asked if LOG in each["sql"]]
        return found

    def read() -> list[int]:
        return [count_rows_read(each) for each in statements()]

    plugin = PluginConfig.objects.get(name="plugin_001")
    CustomerPluginConfig.objects.create(customer=acme, plugin=plugin, enabled=True)
    manager.enable("plugin_001", actor=SYSTEM, customer="acme")
    manager.set_availability("plugin_001", actor=SYSTEM, availability=Availability.DEFAULT_ON)
    analyze(LOG)
    short = read()
    write_many(20_000, start=1_000, columns=lambda number: of_the_same_plugin(number, acme.pk))
    analyze(LOG)

    long = read()

    assert len(short) == len(long) == 2
    assert [each for each in zip(short, long, strict=True) if each[1] > each[0] * 1.5 + 50] == []
    # Whatever PostgreSQL takes to be frequent, only that index gives it the last one without sorting.
    plans = [explain(each, with_everything=True) for each in statements()]
    assert all("audit_changes_of_plugin" in plan for plan in plans), plans
    assert not any(re.search("Sort|TEMP B-TREE", plan) for plan in plans), plans


def of_the_same_plugin(number: int, acme: int) -> dict[str, object]:
    kinds = (
        {"action": "check_plugin_health", "outcome": "succeeded", "customer_id": acme, "chain": str(acme)},
        {"action": "check_plugin_health", "outcome": "succeeded", "chain": "platform"},
        {"action": "enable_customer_plugin", "outcome": "succeeded", "customer_id": 10**6, "chain": str(10**6)},
        {"action": "enable_customer_plugin", "outcome": "succeeded", "customer_id": acme, "chain": str(acme)},
        {"action": "disable_plugin", "outcome": "refused", "chain": "platform"},
    )
    return {"plugin_name": "plugin_001", **kinds[number % len(kinds)]}
