"""Each filter and each order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.client import GraphQLClient
from webnet.accounts import customers
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


@pytest.fixture
def client(world) -> GraphQLClient:
    """`greeter` is on for acme, `inventory` for both; globex is inactive at first and then not."""
    manager.enable("greeter", actor=SYSTEM)
    manager.enable("inventory", actor=SYSTEM, availability=Availability.DEFAULT_ON)
    manager.enable("greeter", actor=SYSTEM, customer="acme")
    manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Hey"})
    manager.disable("inventory", actor=SYSTEM, customer="globex")
    manager.check_health("greeter", actor=SYSTEM)
    manager.check_health("greeter", actor=SYSTEM, customer="acme")
    manager.set_availability("refusing", actor=SYSTEM, customer="globex", availability=Availability.WITHHELD)
    return world.client("platform")


def names(client: GraphQLClient, field: str, arguments: str, key: str = "name") -> list[str]:
    edges = client.data(f"{{ {field}({arguments}) {{ edges {{ node {{ {key} }} }} }} }}")[field]["edges"]
    return [edge["node"][key] for edge in edges]


ALL = ["broken", "greeter", "inventory", "map", "refusing"]


@pytest.mark.parametrize("search", ["łódź", "ŁÓDŹ", "gRÜß"])
def test_a_search_takes_every_letter_in_either_case(client, search):
    customers.create(actor=SYSTEM, slug="lodz", name="Grüße aus Łódź")
    PluginConfig.objects.filter(name="map").update(description="Grüße aus Łódź")

    assert names(client, "customers", f'filter: {{search: "{search}"}}', "slug") == ["lodz"]
    assert names(client, "plugins", f'filter: {{search: "{search}"}}') == ["map"]
    assert names(client, "pluginAuditLogs", f'filter: {{search: "{search}"}}', "action") == ["create_customer"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("{}", ALL),
        ("null", ALL),
        (
            "{name: null, search: null, status: null, enabled: null, availability: null, health: null, author: null}",
            ALL,
        ),
        ('{name: ["map", "greeter", "absent"]}', ["greeter", "map"]),
        ("{name: []}", []),
        ('{search: "GREET"}', ["greeter"]),
        ('{search: "a m"}', ["map"]),
        ('{search: "hello."}', ["greeter"]),
        ('{search: "%"}', []),
        ('{search: ""}', ALL),
        ("{status: [FAILED]}", ["broken"]),
        ("{status: [FAILED, LOADED]}", ALL),
        ("{enabled: true}", ["greeter", "inventory"]),
        ("{enabled: false}", ["broken", "map", "refusing"]),
        ("{availability: [DEFAULT_ON]}", ["inventory"]),
        ("{health: [DEGRADED]}", ["greeter"]),
        ("{health: [HEALTHY]}", []),
        ('{author: ["Ada", "Grace"]}', ["greeter", "inventory"]),
        ('{author: ["Ada"], enabled: false}', []),
    ],
)
def test_plugins_filter(client, wanted, expected):
    assert names(client, "plugins", f"filter: {wanted}") == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("[]", ALL),
        ("null", ALL),
        ("[{field: NAME, direction: DESC}]", ALL[::-1]),
        ("[{field: VERBOSE_NAME}]", ["map", "greeter", "inventory", "broken", "refusing"]),
        ("[{field: STATUS}]", ALL),
        ("[{field: STATUS, direction: DESC}]", ["greeter", "inventory", "map", "refusing", "broken"]),
        (
            "[{field: STATUS, direction: DESC}, {field: NAME, direction: DESC}]",
            ["refusing", "map", "inventory", "greeter", "broken"],
        ),
        ("[{field: SYNCED_AT}]", ["refusing", "broken", "greeter", "inventory", "map"]),
    ],
)
def test_plugins_order(client, order, expected):
    PluginConfig.objects.update(verbose_name="b")
    for name, verbose_name in (("map", "A"), ("greeter", "B"), ("inventory", "C")):
        PluginConfig.objects.filter(name=name).update(verbose_name=verbose_name)
    now = datetime(2026, 2, 3, tzinfo=UTC)
    PluginConfig.objects.update(synced_at=now)
    PluginConfig.objects.filter(name="refusing").update(synced_at=now - timedelta(microseconds=1))

    assert names(client, "plugins", f"order: {order}") == expected
    assert one_by_one(client, order) == expected


def one_by_one(client: GraphQLClient, order: str) -> list[str]:
    """The names in pages of one row, so that every cursor is used."""
    query = f"""query($after: String) {{
        plugins(first: 1, after: $after, order: {order}) {{ edges {{ cursor node {{ name }} }} }} }}"""
    found: list[str] = []
    edges = client.data(query, after=None)["plugins"]["edges"]
    while edges:
        found.append(edges[0]["node"]["name"])
        edges = client.data(query, after=edges[0]["cursor"])["plugins"]["edges"]
    return found


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("{}", ["acme", "globex"]),
        ('{slug: ["globex", "absent"]}', ["globex"]),
        ('{search: "CORP"}', ["acme"]),
        ('{search: "lob"}', ["globex"]),
        ("{isActive: true}", ["acme"]),
        ("{isActive: false}", ["globex"]),
        ('{withEffectivePlugin: "greeter"}', ["acme"]),
        ('{withoutEffectivePlugin: "greeter"}', ["globex"]),
        ('{withEffectivePlugin: "absent"}', []),
        ('{withoutEffectivePlugin: "absent"}', ["acme", "globex"]),
        ('{withEffectivePlugin: "inventory", search: "g"}', []),
        ('{withProblemOf: "inventory"}', ["globex"]),
        ('{withProblemOf: "greeter"}', []),
        ('{withProblemOf: "absent"}', []),
        ('{withProblemOf: "inventory", search: "corp"}', []),
    ],
)
def test_customers_filter(client, wanted, expected):
    customers.update(actor=SYSTEM, customer="globex", is_active=False)
    pause("inventory", "globex")

    assert names(client, "customers", f"filter: {wanted}", "slug") == expected


@pytest.mark.parametrize(("who", "expected"), [("platform", ["acme"]), ("admin", [])])
def test_only_the_platform_finds_customers_by_their_problems(client, world, who, expected):
    pause("greeter", "acme")

    assert names(world.client(who), "customers", 'filter: {withProblemOf: "greeter"}', "slug") == expected


def pause(plugin: str, customer: str) -> None:
    rows = CustomerPluginConfig.objects.filter(plugin__name=plugin, customer__slug=customer)
    assert rows.update(paused_until=datetime(2026, 2, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("[{field: NAME}]", ["acme", "globex"]),
        ("[{field: NAME, direction: DESC}]", ["globex", "acme"]),
        ("[{field: SLUG, direction: DESC}]", ["globex", "acme"]),
    ],
)
def test_customers_order(client, order, expected):
    assert names(client, "customers", f"order: {order}", "slug") == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("{}", ["acme/greeter", "globex/inventory", "globex/refusing"]),
        ('{customer: ["acme"]}', ["acme/greeter"]),
        ('{plugin: ["greeter", "refusing"]}', ["acme/greeter", "globex/refusing"]),
        ("{enabled: true}", ["acme/greeter"]),
        ("{enabled: false}", ["globex/inventory"]),
        ("{availability: [DEFAULT_ON]}", ["globex/inventory"]),
        ("{availability: [WITHHELD, OFFERED]}", ["acme/greeter", "globex/refusing"]),
        ("{hasSettings: true}", ["acme/greeter"]),
        ("{hasSettings: false}", ["globex/inventory", "globex/refusing"]),
        ("{health: [DEGRADED]}", ["acme/greeter"]),
        ("{health: [UNHEALTHY]}", []),
    ],
)
def test_configs_filter(client, wanted, expected):
    query = f"""{{ customerPluginConfigs(filter: {wanted}) {{
        totalCount edges {{ node {{ customer {{ slug }} plugin {{ name }} }} }} }} }}"""

    page = client.data(query)["customerPluginConfigs"]

    pairs = [f"{edge['node']['customer']['slug']}/{edge['node']['plugin']['name']}" for edge in page["edges"]]
    assert pairs == expected
    assert page["totalCount"] == len(expected)


def test_config_without_any_choice_left_is_no_explicit_one(client):
    manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": None})
    manager.reset("greeter", actor=SYSTEM, customer="acme")

    page = client.data('{ customerPluginConfigs(filter: {customer: ["acme"]}) { totalCount } }')

    assert page["customerPluginConfigs"]["totalCount"] == 0


def test_configs_of_a_customer_by_effect(client):
    query = """query($effective: Boolean) { customer(slug: "acme") {
        pluginConfigs(effective: $effective) { edges { node { plugin { name } } } } } }"""

    def found(effective):
        configs = client.data(query, effective=effective)["customer"]["pluginConfigs"]
        return [edge["node"]["plugin"]["name"] for edge in configs["edges"]]

    assert found(None) == ALL
    assert found(True) == ["greeter", "inventory"]
    assert found(False) == ["broken", "map", "refusing"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("{}", ALL),
        ('{customer: ["globex"]}', []),
        ('{customer: ["acme"], plugin: ["greeter", "map", "absent"]}', ["greeter", "map"]),
        ("{plugin: []}", []),
        ('{search: "INVENT"}', ["inventory"]),
        ('{search: "a map"}', ["map"]),
        ('{search: "zz"}', []),
        ("{enabled: true}", ["greeter"]),
        ("{enabled: false}", []),
        ("{availability: [DEFAULT_ON]}", ["inventory"]),
        ("{availability: [WITHHELD, OFFERED]}", ["broken", "greeter", "map", "refusing"]),
        ("{hasSettings: true}", ["greeter"]),
        ("{health: [DEGRADED, UNKNOWN]}", ["greeter"]),
        ("{health: [UNHEALTHY]}", []),
        ('{search: "e", enabled: null, availability: [OFFERED]}', ["broken", "greeter", "refusing"]),
    ],
)
def test_configs_of_a_customer_filter(client, wanted, expected):
    query = f"""{{ customer(slug: "acme") {{ pluginConfigs(filter: {wanted}) {{
        totalCount nodes {{ plugin {{ name }} }} }} }} }}"""

    page = client.data(query)["customer"]["pluginConfigs"]

    assert [each["plugin"]["name"] for each in page["nodes"]] == expected
    assert page["totalCount"] == len(expected)


@pytest.mark.parametrize("search", ["łódź", "ŁÓDŹ", "gRÜß"])
def test_configs_are_searched_by_the_words_of_their_plugins(client, search):
    PluginConfig.objects.filter(name="greeter").update(description="Grüße aus Łódź")
    renew_platform()
    shown = f'(filter: {{search: "{search}"}}) {{ nodes {{ plugin {{ name }} }} }}'

    found = client.data(f'{{ customerPluginConfigs{shown} customer(slug: "acme") {{ pluginConfigs{shown} }} }}')

    assert found["customerPluginConfigs"]["nodes"] == [{"plugin": {"name": "greeter"}}]
    assert found["customer"]["pluginConfigs"]["nodes"] == [{"plugin": {"name": "greeter"}}]


def test_too_many_values_are_refused_for_the_configs_of_a_customer_as_for_others(client):
    many = str([f"p{number}" for number in range(1_001)]).replace("'", '"')

    code = client.code(f'{{ customer(slug: "acme") {{ pluginConfigs(filter: {{plugin: {many}}}) {{ totalCount }} }} }}')

    assert code == client.code(f"{{ customerPluginConfigs(filter: {{plugin: {many}}}) {{ totalCount }} }}")


class TestAuditLogs:
    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ('{customer: ["acme"], action: ["enable_customer_plugin"]}', ["greeter"]),
            ('{customer: ["acme", "globex"], plugin: ["inventory"]}', ["inventory"]),
            ('{customer: ["absent"]}', []),
            ('{plugin: ["refusing"], platform: true}', ["refusing"]),
            ('{plugin: ["refusing"], platform: false}', ["refusing"]),
            ("{outcome: [FAILED]}", ["refusing"]),
            ("{outcome: [REFUSED]}", ["broken"]),
            ('{errorCode: ["HOOK_FAILED", "PLUGIN_NOT_RUNNABLE"]}', ["broken", "refusing"]),
            ('{actor: ["platform"]}', ["broken", "refusing"]),
            ('{actor: ["absent"]}', []),
            ('{requestId: "wish-2"}', ["broken"]),
            ("{createdUntil: \"2020-01-01T00:00:00Z\"}", []),
            ('{createdFrom: "2020-01-01T00:00:00+02:00", outcome: [REFUSED]}', ["broken"]),
        ],
    )  # fmt: skip
    def test_filter(self, client, wanted, expected):
        self.refuse(client, "refusing", "wish-1")
        self.refuse(client, "broken", "wish-2")

        assert names(client, "pluginAuditLogs", f"filter: {wanted}", "pluginName") == expected

    def refuse(self, client, plugin, request_id):
        query = "mutation($plugin: String!) { enablePlugin(input: {plugin: $plugin}) { ... on Refusal { code } } }"
        client.send({"query": query, "variables": {"plugin": plugin}}, **{"X-Request-Id": request_id})

    def test_from_is_inclusive_and_until_is_not(self, client):
        instant = PluginAuditLog.objects.order_by("position").first().created_at
        query = """query($from: DateTime, $until: DateTime) {
            pluginAuditLogs(filter: {createdFrom: $from, createdUntil: $until}, last: 1) {
                edges { node { createdAt } } } }"""
        text = instant.isoformat()

        oldest = client.data(query, **{"from": text})["pluginAuditLogs"]["edges"]

        assert [datetime.fromisoformat(edge["node"]["createdAt"]) for edge in oldest] == [instant]
        assert client.data(query, until=text)["pluginAuditLogs"]["edges"] == []

    def test_newest_come_first(self, client):
        sequences = names(client, "pluginAuditLogs", "filter: {platform: true}", "sequence")

        assert sequences == sorted(sequences, reverse=True)

    @pytest.mark.parametrize(
        "wrong",
        [
            "2020-01-01",
            "2020-01-01T00:00:00",
            "yesterday",
            "",
            7,
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
        ],
    )
    def test_what_is_no_instant_is_refused(self, client, wrong):
        query = "query($t: DateTime) { pluginAuditLogs(filter: {createdFrom: $t}) { edges { cursor } } }"

        assert client.code(query, t=wrong) == "BAD_USER_INPUT"
