"""What fails too often is paused for those for whom it fails, whichever process it fails in, and tried again later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier, Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_operator
from webnet.audit.models import PluginAuditLog
from webnet.errors import HookFailed, InvalidInput
from webnet.plugins import quarantine
from webnet.plugins.base import PluginBase
from webnet.plugins.changes import pauses
from webnet.plugins.gate.effective import is_effective
from webnet.plugins.health import probe
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginFailure, PluginStatus
from webnet.plugins.runtime import failure_table
from webnet.plugins.runtime.failure_counter import Count, Failing, FailureCounts, count, count_for_user

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(second=30)
ERROR = "ValueError at Query.shelf"


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


@pytest.fixture(autouse=True)
def _fresh_lanes():
    probe._lane.cache_clear()


@pytest.fixture(autouse=True)
def counts(monkeypatch):
    """Those of this test alone."""
    return as_process(monkeypatch)


def as_process(monkeypatch):
    """Go on as another process, which has counted nothing yet."""
    fresh = FailureCounts()
    for module in ("failure_counts", "quarantine"):
        monkeypatch.setattr(f"webnet.plugins.{module}.counts", fresh)
    return fresh


@pytest.fixture
def acme(install):
    install(Inventory(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    make_customer("other")
    return make_customer("acme")


def fail(customer, *users, times=1):
    for user in users:
        for _ in range(times):
            pk = customer.pk if customer is not None else None
            count_for_user(
                "inventory", user_id=user, customer_id=pk, raised=ValueError("a secret"), place="at Query.shelf"
            )


def test_five_failures_of_two_users_pause_it_for_that_customer_alone(acme):
    fail(acme, 1, times=4)
    quarantine.keep(NOW)
    assert is_effective("inventory", acme)

    fail(acme, 2)
    quarantine.keep(NOW)

    assert not is_effective("inventory", acme)
    (paused,) = CustomerPluginConfig.objects.exclude(paused_until=None)
    assert paused.customer == acme and PluginConfig.objects.get().status == PluginStatus.LOADED
    log = PluginAuditLog.objects.latest("position")
    assert (log.action, log.actor_name, log.customer_slug) == ("pause_plugin", "quarantine", "acme")
    assert log.reason == "Within 10 minutes: 5 failures met by 2 users, and 0 of hooks or health checks."
    assert log.after["error"] == ERROR


def test_one_user_alone_can_not_trip_it_however_often(acme):
    fail(acme, 1, times=1_000)
    quarantine.keep(NOW)
    fail(acme, 1, times=1_000)
    quarantine.keep(NOW + timedelta(minutes=1))

    assert is_effective("inventory", acme)


def test_nobody_is_no_second_user(acme):
    fail(acme, 1, times=100)
    fail(acme, None, times=100)

    quarantine.keep(NOW)

    assert is_effective("inventory", acme)


@pytest.mark.parametrize("times", [4, 5])
def test_a_hook_or_a_health_check_needs_no_user(acme, times):
    for _ in range(times):
        count("inventory", customer_id=acme.pk, raised=None, place="in on_enable")

    quarantine.keep(NOW)

    assert is_effective("inventory", acme) == (times < 5)


def test_what_concerns_no_customer_pauses_it_for_everybody(acme):
    fail(None, 1, 2, times=3)

    quarantine.keep(NOW)

    row = PluginConfig.objects.get()
    assert row.status == PluginStatus.PAUSED and not CustomerPluginConfig.objects.exists()
    assert not is_effective("inventory", acme)


def test_processes_add_up(acme, monkeypatch):
    for user in (1, 1, 1, 1, 2):
        as_process(monkeypatch)
        fail(acme, user)
        assert is_effective("inventory", acme)
        quarantine.keep(NOW)

    assert not is_effective("inventory", acme)


def test_customers_do_not_add_up(acme):
    for number in range(5):
        fail(make_customer(f"c{number}"), number + 1)

    quarantine.keep(NOW)

    assert not CustomerPluginConfig.objects.exists()


def test_failures_of_long_ago_do_not_count(acme):
    fail(acme, 1, times=4)
    quarantine.keep(NOW)

    fail(acme, 2)
    quarantine.keep(NOW + timedelta(minutes=10))

    assert is_effective("inventory", acme)
    assert PluginFailure.objects.get().user_id == 2  # the others are gone

    fail(acme, 1, times=3)
    quarantine.keep(NOW + timedelta(minutes=19))
    assert is_effective("inventory", acme)
    fail(acme, 1)
    quarantine.keep(NOW + timedelta(minutes=19))
    assert not is_effective("inventory", acme)


def test_the_thresholds_can_be_set(acme, settings):
    settings.WEBNET_PAUSE_AFTER_FAILURES, settings.WEBNET_PAUSE_AFTER_USERS = 2, 1
    settings.WEBNET_PAUSE_WINDOW_MINUTES = 1
    fail(acme, 1)
    quarantine.keep(NOW)
    fail(acme, 1)
    quarantine.keep(NOW + timedelta(minutes=1))
    assert is_effective("inventory", acme)

    fail(acme, 1)
    quarantine.keep(NOW + timedelta(minutes=1))

    assert not is_effective("inventory", acme)


def test_it_comes_back_by_itself_and_former_failures_are_forgotten(acme):
    fail(acme, 1, 2, times=3)
    quarantine.keep(NOW)
    until = CustomerPluginConfig.objects.get().paused_until
    fail(acme, 1, 2, times=2)  # what another process counted just before it heard of the pause
    quarantine.keep(until - timedelta(seconds=1))
    assert not is_effective("inventory", acme)

    quarantine.keep(until)

    assert is_effective("inventory", acme) and not PluginFailure.objects.exists()
    fail(acme, 1, 2, times=2)
    quarantine.keep(until)
    assert is_effective("inventory", acme)
    fail(acme, 1)
    quarantine.keep(until)
    assert not is_effective("inventory", acme) and CustomerPluginConfig.objects.get().pauses_in_a_row == 2


def test_what_can_not_be_stored_now_is_stored_later(acme, monkeypatch):
    def break_down(*_args, **_kwargs):
        raise DatabaseError("the database rests")

    fail(acme, 1, 2, times=3)
    with monkeypatch.context() as patch:
        patch.setattr(failure_table, "store", break_down)
        with pytest.raises(DatabaseError):
            quarantine.keep(NOW)

    quarantine.keep(NOW)

    assert not is_effective("inventory", acme)


def test_what_was_uninstalled_or_purged_in_the_meantime_is_no_trouble(acme):
    for user in (1, 2):
        for _ in range(3):
            for plugin, pk in (("nowhere", acme.pk), ("inventory", 999_999)):
                count_for_user(plugin, user_id=user, customer_id=pk, raised=ValueError(), place="at Query.shelf")
    fail(acme, 1, 2, times=3)

    quarantine.keep(NOW)

    assert not is_effective("inventory", acme)


def test_memory_is_bounded_whatever_fails(monkeypatch):
    monkeypatch.setattr("webnet.plugins.runtime.failure_counter.MAXIMUM_KEYS", 3)
    for number in range(10):
        count("inventory", customer_id=number, raised=ValueError(), place="at Query.shelf")
    count("inventory", customer_id=1, raised=None, place="in on_enable")

    taken = quarantine.counts.take()

    assert [each.failures for each in taken.values()] == [1, 2, 1]
    assert [each.error for each in taken.values()] == [ERROR, "Timeout in on_enable", ERROR]


def test_a_round_with_nothing_to_do_writes_nothing(acme, django_assert_num_queries):
    with django_assert_num_queries(2):
        quarantine.keep(NOW)


class Brittle(Inventory):
    def on_enable(self, context):
        raise ValueError("a secret")

    def health_check(self, context):
        raise ValueError("a secret")


@pytest.mark.parametrize("slug", [None, "acme"])
@pytest.mark.parametrize("is_hanging", [False, True])
def test_a_health_check_that_fails_or_hangs_trips_it(install, monkeypatch, slug, is_hanging):
    let_go = Event()
    if is_hanging:
        monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.01)
        monkeypatch.setattr(Brittle, "health_check", lambda self, context: let_go.wait(30))
    install(Brittle(), enabled=True)
    customer = make_customer("acme")
    operator = actor_for(make_operator())
    PluginConfig.objects.update(availability=Availability.REQUIRED)

    for _ in range(5):
        quarantine.keep(NOW)
        assert is_effective("inventory", customer)
        manager.check_health("inventory", actor=operator, customer=slug)
    quarantine.keep(NOW)
    let_go.set()

    assert not is_effective("inventory", customer)
    log = PluginAuditLog.objects.latest("position")
    assert log.after["error"] == f"{'Timeout' if is_hanging else 'ValueError'} in health_check"
    assert "secret" not in log.text


def test_a_failing_hook_trips_it(install):
    install(Brittle(), enabled=True)
    customer = make_customer("acme")
    operator = actor_for(make_operator())

    for _ in range(5):
        with pytest.raises(HookFailed):
            manager.enable("inventory", actor=operator, customer="acme")
    quarantine.keep(NOW)

    assert CustomerPluginConfig.objects.get(customer=customer).is_paused
    assert PluginAuditLog.objects.latest("position").after["error"] == "ValueError in on_enable"


def test_a_failing_hook_for_everybody_trips_it_for_everybody(install):
    install(Brittle())
    operator = actor_for(make_operator())

    for _ in range(5):
        with pytest.raises(HookFailed):
            manager.enable("inventory", actor=operator)
    quarantine.keep(NOW)

    assert PluginConfig.objects.get().status == PluginStatus.PAUSED


def test_what_a_hook_refuses_is_not_counted(install, counts):
    class Refusing(Inventory):
        def on_enable(self, context):
            raise InvalidInput("Not on a Monday.", field="plugin")

    install(Refusing())

    with pytest.raises(HookFailed):
        manager.enable("inventory", actor=actor_for(make_operator()))

    assert counts.take() == {}


@pytest.mark.django_db(transaction=True)
def test_processes_that_store_at_the_same_time_lose_nothing(acme):
    """In their own order each, which would make them wait for each other in a circle."""
    pairs = [Failing(plugin=f"plugin_{number}", customer_id=acme.pk, user_id=1) for number in range(8)]
    start = Barrier(4, timeout=30)

    def store(number):
        order = pairs[number * 2 :] + pairs[: number * 2]
        try:
            start.wait()
            for _ in range(10):
                failure_table.store({each: Count(failures=1, error=ERROR) for each in order}, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(store, number) for number in range(4)]:
            each.result(timeout=60)

    assert set(PluginFailure.objects.values_list("failures", flat=True)) == {40}
    found = failure_table.tally([(each.plugin, acme.pk) for each in pairs], now=NOW)
    assert {each.failures for each in found.values()} == {40} and len(found) == 8


@pytest.mark.django_db(transaction=True)
def test_processes_that_find_it_at_the_same_time_pause_it_once(acme):
    start = Barrier(4, timeout=30)

    def pause(_):
        try:
            start.wait()
            return manager.pause("inventory", actor=pauses.QUARANTINE, customer="acme").changed
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(pause, range(4))) == [False, False, False, True]

    assert PluginAuditLog.objects.filter(action="pause_plugin").count() == 1
    assert CustomerPluginConfig.objects.get().pauses_in_a_row == 1


def test_what_fails_in_a_command_counts_as_well(install):
    install(Brittle(), enabled=True)
    customer = make_customer("acme")

    for command in ("check_plugin_health", "enable_plugin"):
        for _ in range(5):
            assert not CustomerPluginConfig.objects.exclude(paused_until=None).exists()
            with pytest.raises((SystemExit, CommandError)):
                call_command(command, "inventory", customer="acme", stdout=StringIO())
        assert CustomerPluginConfig.objects.get(customer=customer).is_paused
        manager.resume("inventory", actor=actor_for(make_operator(command)), customer="acme")
