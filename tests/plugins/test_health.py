"""Health checks: asked with a deadline, stored, and never in anybody's way."""

from threading import Barrier, Event, current_thread
from threading import enumerate as enumerate_threads

import pytest
from django.db import connections

from tests.factories import actor_for, make_customer, make_member, make_operator
from tests.plugins.test_concurrency import in_threads
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import NotFound, PermissionDenied, PluginUnavailable
from webnet.plugins.base import HealthReport, PluginBase
from webnet.plugins.health import probe
from webnet.plugins.manager import manager
from webnet.plugins.models import HealthStatus, PluginConfig, PluginHealth
from webnet.plugins.runtime.thread_lanes import THREADS_PER_PLUGIN

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"
    answer: object = None

    def health_check(self, context):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def saying(answer):
    return type("Saying", (Inventory,), {"answer": answer})()


@pytest.fixture(autouse=True)
def _fresh_lanes():
    probe._lane.cache_clear()


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, HealthStatus.HEALTHY),
        (True, HealthStatus.HEALTHY),
        (False, HealthStatus.UNHEALTHY),
        ({"status": "degraded", "message": "slow"}, HealthStatus.DEGRADED),
        (HealthReport(status="unhealthy", details={"a": 1}), HealthStatus.UNHEALTHY),
        (ValueError("private"), HealthStatus.UNHEALTHY),
        (object(), HealthStatus.UNKNOWN),
        ({"status": "healthy", "message": "half: \ud800"}, HealthStatus.UNKNOWN),
        ({"status": "healthy", "details": {"half": "\ud800"}}, HealthStatus.UNKNOWN),
        ({"status": "splendid"}, HealthStatus.UNKNOWN),
    ],
)
def test_whatever_a_check_answers_is_a_stored_result(install, operator, answer, status):
    install(saying(answer))

    found = manager.check_health("inventory", actor=operator)

    assert found.status == status and "private" not in found.message
    assert PluginHealth.objects.get().status == status
    assert PluginAuditLog.objects.latest("position").after == {"status": status}


def test_a_check_that_hangs_is_unknown_and_holds_nobody_up(install, operator, monkeypatch):
    let_go = Event()

    class Hanging(Inventory):
        def health_check(self, context):
            let_go.wait(30)

    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.05)
    install(Hanging())

    found = manager.check_health("inventory", actor=operator)

    let_go.set()
    assert found.status == HealthStatus.UNKNOWN and "0.05 s" in found.message


@pytest.mark.slow
def test_of_checks_that_hang_only_a_few_threads_are_kept_and_all_are_reported(install, operator, monkeypatch):
    let_go = Event()
    begun = []

    class Hanging(Inventory):
        def health_check(self, context):
            begun.append(current_thread())
            let_go.wait(60)

    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.2)
    install(Hanging())

    found = [manager.check_health("inventory", actor=operator) for _ in range(THREADS_PER_PLUGIN + 2)]
    stuck = sum(thread.name == "lane-inventory" for thread in enumerate_threads())
    let_go.set()

    assert {each.status for each in found} == {HealthStatus.UNKNOWN}
    assert "still hang" in found[-1].message
    assert stuck == len(begun) == THREADS_PER_PLUGIN


@pytest.mark.slow
def test_when_what_hung_returns_the_plugin_is_asked_again(install, operator, monkeypatch):
    let_go, begun = Event(), []

    class Hanging(Inventory):
        def health_check(self, context):
            begun.append(current_thread())
            let_go.wait(60)

    install(Hanging())
    with monkeypatch.context() as impatient:
        impatient.setattr(probe, "DEADLINE_SECONDS", 0.2)
        for _ in range(THREADS_PER_PLUGIN + 1):
            manager.check_health("inventory", actor=operator)

    let_go.set()
    for thread in begun:
        thread.join(30)

    assert manager.check_health("inventory", actor=operator).status == HealthStatus.HEALTHY


@pytest.mark.django_db(transaction=True)
def test_while_a_check_runs_its_caller_holds_no_transaction(install, operator):
    ours, seen = connections["default"], []

    class Looking(Inventory):
        def on_enable(self, context):
            seen.append(ours.in_atomic_block)

        def health_check(self, context):
            seen.append(ours.in_atomic_block)

    install(Looking())

    manager.enable("inventory", actor=operator)  # a negative control
    manager.check_health("inventory", actor=operator)
    manager.check_all_health(actor=operator)

    assert seen == [True, False, False]


def test_all_plugins_are_asked_at_the_same_time(install, operator):
    together = Barrier(3)

    class Meeting(Inventory):
        def health_check(self, context):
            together.wait(4)  # a check that is alone at it would raise

    plugins = [Meeting() for _ in range(3)]
    for number, plugin in enumerate(plugins):
        plugin.name = f"meeting_{number}"
    install(*plugins, enabled=True)

    found = manager.check_all_health(actor=operator)

    assert [(each.plugin, each.health.status) for each in found] == [
        (f"meeting_{number}", HealthStatus.HEALTHY) for number in range(3)
    ]


@pytest.mark.slow
def test_one_that_hangs_delays_the_answers_of_others_by_no_more_than_its_deadline(install, operator, monkeypatch):
    let_go = Event()

    class Hanging(Inventory):
        name = "hanging"

        def health_check(self, context):
            let_go.wait(60)

    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.5)
    install(Hanging(), saying(True), enabled=True)

    found = manager.check_all_health(actor=operator)

    assert not let_go.is_set()
    let_go.set()
    assert [(each.plugin, each.health.status) for each in found] == [("hanging", "unknown"), ("inventory", "healthy")]
    assert found[0].health.duration_ms > 490


def test_asked_over_and_over_only_what_changes_is_audited(install, operator):
    plugin = saying(True)
    install(plugin, enabled=True)

    for answer in (True, True, False, False, True):
        plugin.answer = answer
        manager.check_all_health(actor=operator)

    rows = PluginAuditLog.objects.filter(action="check_plugin_health").order_by("position")
    assert [row.after["status"] for row in rows] == ["healthy", "unhealthy", "healthy"]
    assert PluginHealth.objects.count() == 5


def test_all_are_asked_by_operators_only(install):
    customer = make_customer("acme")
    install(Inventory(), enabled=True)
    ann = actor_for(make_member("ann", customer, Role.ADMIN))

    with pytest.raises(PermissionDenied):
        manager.check_all_health(actor=ann)
    with pytest.raises(PermissionDenied):
        manager.check_all_health(actor=ann, customer="acme")


def test_a_customers_check_gets_the_customer_and_its_settings(install, operator):
    seen = {}

    class Asking(Inventory):
        def health_check(self, context):
            seen.update(customer=context.customer.slug, settings=dict(context.settings))

    customer = make_customer("acme")
    install(Asking(), enabled=True)
    ann = actor_for(make_member("ann", customer, Role.OPERATOR))

    manager.check_health("inventory", actor=ann, customer="acme")
    manager.check_health("inventory", actor=operator, customer="acme")

    assert seen == {"customer": "acme", "settings": {}}
    assert [each.customer for each in PluginHealth.objects.all()] == [customer] * 2


def test_who_may_not_ask_is_refused(install, operator):
    customer = make_customer("acme")
    install(Inventory())
    viewer = actor_for(make_member("vic", customer))

    with pytest.raises(PermissionDenied):
        manager.check_health("inventory", actor=viewer)
    with pytest.raises(PermissionDenied):
        manager.check_health("inventory", actor=viewer, customer="acme")
    with pytest.raises(NotFound):
        manager.check_health("nowhere", actor=operator)
    PluginConfig.objects.update(status="failed")
    with pytest.raises(PluginUnavailable):
        manager.check_health("inventory", actor=operator)


def test_the_history_keeps_the_newest_results_of_each_pair_and_marks_the_last(install, operator, monkeypatch):
    monkeypatch.setattr(probe, "KEPT_RESULTS", 3)
    plugin = saying(None)
    install(plugin)
    make_customer("acme")
    manager.check_health("inventory", actor=operator, customer="acme")

    for number in range(5):
        plugin.answer = {"status": "healthy", "message": str(number)}
        manager.check_health("inventory", actor=operator)

    kept = PluginHealth.objects.filter(customer=None).order_by("pk")
    assert [(each.message, each.is_latest) for each in kept] == [("2", False), ("3", False), ("4", True)]
    assert PluginHealth.objects.get(customer__slug="acme").is_latest


def test_a_result_of_a_plugin_that_was_uninstalled_meanwhile_is_not_found(install, operator):
    install(saying(True))
    row = PluginConfig.objects.get()
    found = probe.finish(probe.start(lambda: True, plugin="inventory"))
    PluginConfig.objects.all().delete()

    with pytest.raises(NotFound, match="'inventory'"):
        probe.store(row, None, found)


@pytest.mark.django_db(transaction=True)
def test_checks_at_the_same_time_leave_one_last_result(install, operator):
    install(saying(True))

    found = in_threads(4, lambda _: manager.check_health("inventory", actor=operator))

    assert [result.status for result in found] == [HealthStatus.HEALTHY] * 4
    assert PluginHealth.objects.count() == 4
    assert PluginHealth.objects.filter(is_latest=True).count() == 1
