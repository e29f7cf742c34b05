"""What has to be done is found in what the tables say, told to those who can do something, and gone once it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_membership, make_operator
from webnet.audit import verification_state
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager
from webnet.plugins.models import (
    Availability,
    CustomerPluginConfig,
    HealthStatus,
    PluginConfig,
    PluginHealth,
    PluginStatus,
    ReportedProblem,
    Worker,
)
from webnet.plugins.runtime import reported_problems
from webnet.plugins.runtime.reported_problems import ReportedKind

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = """{
  problems {
    key kind severity message remedy command since count plugin { name } customer { slug } acknowledgedBy
  }
}"""
ACKNOWLEDGE = "problem { key acknowledgedBy }"
NOW = timezone.now()


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme")


@pytest.fixture
def operator(acme: Customer) -> GraphQLClient:
    return GraphQLClient.of(make_member("ada", acme, Role.OPERATOR))


@pytest.fixture
def platform() -> GraphQLClient:
    return GraphQLClient.of(make_operator())


def make_plugin(name: str, **values: Any) -> PluginConfig:
    defaults: dict[str, Any] = {"verbose_name": name, "version": "1.0", "status": PluginStatus.LOADED, "enabled": True}
    return PluginConfig.objects.create(name=name, **{**defaults, **values})


def make_health(plugin: PluginConfig, *statuses: HealthStatus, customer: Customer | None = None) -> None:
    """Results, the oldest first, a minute apart."""
    for number, status in enumerate(statuses):
        PluginHealth.objects.create(
            plugin=plugin,
            customer=customer,
            status=status,
            checked_at=NOW - timedelta(minutes=len(statuses) - number),
            duration_ms=1,
            is_latest=number == len(statuses) - 1,
        )


def keys(client: GraphQLClient) -> list[str]:
    return [each["key"] for each in client.data(QUERY)["problems"]]


def test_there_is_nothing_to_do(platform: GraphQLClient) -> None:
    make_plugin("fine")

    assert keys(platform) == []


def test_what_is_wrong_with_plugins_is_told_with_what_to_do(platform: GraphQLClient) -> None:
    make_plugin("broken", status=PluginStatus.FAILED, status_reason="Importing 'broken' raised ValueError.")
    make_plugin("old", status=PluginStatus.INCOMPATIBLE)
    make_plugin("new", status=PluginStatus.NEEDS_MIGRATION)
    make_plugin("gone", status=PluginStatus.MISSING)
    make_plugin("left", status=PluginStatus.MISSING, enabled=False)
    make_plugin("tired", paused_until=NOW, pause_reason="It failed 5 times.")
    make_plugin("strict", settings_fault="'/size' is required.")
    make_health(make_plugin("ill"), HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNHEALTHY)

    found = platform.data(QUERY)["problems"]

    assert {each["key"] for each in found} == {
        *("failed:broken", "incompatible:old", "needs_migration:new", "missing:gone"),
        *("paused:tired", "settings:strict", "unhealthy:ill"),
    }
    assert found[-1]["key"] == "unhealthy:ill" and found[-1]["severity"] == "WARNING"
    assert found[-1]["since"] == (NOW - timedelta(minutes=2)).isoformat().replace("+00:00", "Z")
    assert all(each["message"] and each["remedy"] and each["plugin"] for each in found)
    by_key = {each["key"]: each for each in found}
    assert by_key["failed:broken"]["message"] == "Importing 'broken' raised ValueError."
    assert {key: each["kind"] for key, each in by_key.items()} == {
        "failed:broken": "PLUGIN_FAILED",
        "incompatible:old": "PLUGIN_INCOMPATIBLE",
        "needs_migration:new": "MIGRATION_MISSING",
        "missing:gone": "PLUGIN_MISSING",
        "paused:tired": "PLUGIN_PAUSED",
        "settings:strict": "SETTINGS_INVALID",
        "unhealthy:ill": "PLUGIN_UNHEALTHY",
    }
    commands = {key: each["command"] for key, each in by_key.items() if each["command"]}
    assert commands == {"needs_migration:new": "manage.py sync_plugins --migrate"}
    assert by_key["paused:tired"]["message"] == "It failed 5 times."


def test_operators_of_a_customer_see_its_own_and_nobody_elses(
    acme: Customer, operator: GraphQLClient, platform: GraphQLClient
) -> None:
    plugin, globex = make_plugin("shelf"), make_customer("globex")
    for customer in (acme, globex):
        CustomerPluginConfig.objects.create(customer=customer, plugin=plugin, paused_until=NOW, settings_fault="It is.")
        make_health(plugin, HealthStatus.UNHEALTHY, customer=customer)
    make_plugin("broken", status=PluginStatus.FAILED)

    own = operator.data(QUERY)["problems"]

    assert {each["key"] for each in own} == {"paused:shelf:acme", "settings:shelf:acme", "unhealthy:shelf:acme"}
    assert all(each["customer"] == {"slug": "acme"} for each in own)
    assert keys(operator.at("acme")) == [each["key"] for each in own]
    assert keys(GraphQLClient.of(make_member("eve", acme))) == []
    assert sorted(keys(platform)) == ["failed:broken", "paused_for:shelf", "settings_of:shelf"]
    assert {(each["kind"], each["count"]) for each in platform.data(QUERY)["problems"]} == {
        ("PLUGIN_FAILED", 1),
        ("PLUGIN_PAUSED_FOR_CUSTOMERS", 2),
        ("SETTINGS_OF_CUSTOMERS_INVALID", 2),
    }
    assert "'shelf' is paused for 2 customers." in {each["message"] for each in platform.data(QUERY)["problems"]}
    of_globex = sorted(keys(platform.at("globex")))
    assert of_globex == ["paused:shelf:globex", "settings:shelf:globex", "unhealthy:shelf:globex"]


def test_a_pause_says_once_that_it_is_one(acme: Customer, operator: GraphQLClient, platform: GraphQLClient) -> None:
    make_plugin("shelf")
    CustomerPluginConfig.objects.create(customer=acme, plugin=PluginConfig.objects.get(), enabled=True)
    manager.pause("shelf", actor=Actor.system("tests"), customer="acme", reason="5 failures.", error="ValueError")

    (own,), (counted,) = operator.data(QUERY)["problems"], platform.data(QUERY)["problems"]

    assert own["message"].startswith("'shelf' is paused for 'acme' until ")
    assert counted["message"] == "'shelf' is paused for 1 customer."


def test_a_withheld_or_disabled_plugin_is_no_problem_of_a_customer(acme: Customer, operator: GraphQLClient) -> None:
    withheld = make_plugin("secret", availability=Availability.WITHHELD)
    disabled = make_plugin("off", enabled=False)
    for plugin in (withheld, disabled):
        CustomerPluginConfig.objects.create(customer=acme, plugin=plugin, paused_until=NOW, enabled=True)
        make_health(plugin, HealthStatus.UNHEALTHY, customer=acme)

    assert keys(operator) == []


def test_the_statements_do_not_grow_with_customers() -> None:
    plugin, customers = make_plugin("shelf"), [make_customer(f"customer-{number}") for number in range(6)]
    ada = make_member("ada", customers[0], Role.OPERATOR)
    for customer in customers:
        CustomerPluginConfig.objects.create(customer=customer, plugin=plugin, paused_until=NOW)
        make_health(plugin, HealthStatus.UNHEALTHY, customer=customer)
    client = GraphQLClient.of(ada)

    def count() -> int:
        assert keys(client)
        with CaptureQueriesContext(connection) as captured:
            keys(client)
        return len(captured)

    few = count()
    for customer in customers[1:]:
        make_membership(ada, customer, Role.OPERATOR)

    assert (len(keys(client)), count()) == (12, few)


def test_workers_on_other_versions_and_an_overdue_checkpoint_are_problems(
    platform: GraphQLClient, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_plugin("shelf", version="2.0")
    for version in ("1.0", "2.0"):
        Worker.objects.create(
            token=version, host="h", process_id=1, plugins={"shelf": version}, started_at=NOW, seen_at=timezone.now()
        )
    settings.WEBNET_AUDIT_CHECKPOINTS = True
    manager.acknowledge_problem("workers:old", actor=Actor.system("tests"))  # for a first row in the log
    assert keys(platform) == ["workers:old"]

    monkeypatch.setattr(verification_state, "CHECKPOINT_PATIENCE", timedelta(0))

    found = platform.data(QUERY)["problems"]
    assert [each["key"] for each in found] == ["workers:old", "audit:checkpoint"]
    assert [each["kind"] for each in found] == ["WORKERS_OUTDATED", "CHECKPOINT_OVERDUE"]
    assert [each["command"] for each in found] == [None, "manage.py checkpoint_audit_log"]
    settings.WEBNET_AUDIT_CHECKPOINTS = False
    assert keys(platform) == ["workers:old"]


def test_what_processes_report_is_added_up_and_over_after_a_while(platform: GraphQLClient) -> None:
    for _ in range(2):
        reported_problems.report(ReportedKind.QUEUE_FULL)
        reported_problems.report(ReportedKind.QUEUE_FULL)
        reported_problems.store()

    (found,) = platform.data(QUERY)["problems"]
    assert (found["key"], found["kind"], found["count"]) == ("reported:queue_full", "QUEUE_FULL", 4)

    ReportedProblem.objects.update(last_seen=NOW - reported_problems.OVER_AFTER)
    assert keys(platform) == []
    reported_problems.store()
    assert not ReportedProblem.objects.exists()


def test_a_problem_that_somebody_knows_of_says_so_until_it_begins_anew(acme: Customer, operator: GraphQLClient) -> None:
    plugin = make_plugin("shelf")
    config = CustomerPluginConfig.objects.create(customer=acme, plugin=plugin, paused_until=NOW)

    answer = operator.mutate("acknowledgeProblem", ACKNOWLEDGE, key="paused:shelf:acme", customer="acme", reason="mine")

    assert answer["problem"] == {"key": "paused:shelf:acme", "acknowledgedBy": "ada"}
    assert operator.data(QUERY)["problems"][0]["acknowledgedBy"] == "ada"
    row = PluginAuditLog.objects.get(action="acknowledge_problem")
    assert (row.actor_name, row.plugin_name, row.reason, row.customer_slug) == ("ada", "shelf", "mine", "acme")
    operator.mutate("acknowledgeProblem", ACKNOWLEDGE, key="paused:shelf:acme", customer="acme")
    assert PluginAuditLog.objects.filter(action="acknowledge_problem").count() == 1
    config.save()  # paused again
    assert operator.data(QUERY)["problems"][0]["acknowledgedBy"] is None


def test_a_problem_that_is_acknowledged_keeps_its_id(acme: Customer, operator: GraphQLClient) -> None:
    for name in ("shelf", "gauge"):
        CustomerPluginConfig.objects.create(customer=acme, plugin=make_plugin(name), paused_until=NOW)
    before = operator.data("{ problems { id key } }")["problems"]

    answer = operator.mutate("acknowledgeProblem", "problem { id key }", key="paused:shelf:acme", customer="acme")

    assert answer["problem"] in before and len({each["id"] for each in before}) == 2


def test_only_operators_acknowledge_and_only_what_is_their_problem(acme: Customer, operator: GraphQLClient) -> None:
    plugin = make_plugin("shelf")
    for customer in (acme, make_customer("globex")):
        CustomerPluginConfig.objects.create(customer=customer, plugin=plugin, paused_until=NOW)
    viewer = GraphQLClient.of(make_member("eve", acme))

    def acknowledge(client: GraphQLClient, key: str, customer: str | None) -> str:
        return str(client.mutate("acknowledgeProblem", ACKNOWLEDGE, key=key, customer=customer)["code"])

    assert acknowledge(viewer, "paused:shelf:acme", "acme") == "ROLE_TOO_LOW"
    assert acknowledge(operator, "paused:shelf:globex", "acme") == "PROBLEM_NOT_FOUND"
    assert acknowledge(operator, "paused:shelf:globex", "globex") == "CUSTOMER_NOT_FOUND"
    assert acknowledge(operator, "paused:shelf:nobody", "nobody") == "CUSTOMER_NOT_FOUND"
    assert acknowledge(operator, "paused_for:shelf", None) == "OPERATORS_ONLY"


def test_the_command_lists_and_acknowledges(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("acknowledge_problem")
    make_plugin("broken", status=PluginStatus.FAILED, status_reason="It raised ValueError.")
    call_command("acknowledge_problem")
    call_command("acknowledge_problem", "failed:broken")
    call_command("acknowledge_problem")

    nothing, listed, acknowledged, known = capsys.readouterr().out.splitlines()
    assert nothing == "There is nothing to do."
    assert listed.startswith("failed:broken (error): It raised ValueError. Mend")
    assert acknowledged == "Acknowledged: It raised ValueError."
    assert known.startswith("failed:broken (error, known to command: acknowledge_problem): ")
