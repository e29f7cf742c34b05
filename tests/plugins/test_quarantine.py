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
from webnet.plugins.base import PluginBase
from webnet.plugins.changes import pauses
from webnet.plugins.gate.effective import is_effective
from webnet.plugins.health import probe
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginFailure, PluginStatus
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.failures import FailureCount, FailureCounter, FailureKey, count_for_user, count_hook

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
    fresh = FailureCounter()
    monkeypatch.setattr(failures, "counter", fresh)
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
    pauses.pause_and_retry(NOW)
    assert is_effective("inventory", acme)

    fail(acme, 2)
    pauses.pause_and_retry(NOW)

    assert not is_effective("inventory", acme)
    (paused,) = CustomerPluginConfig.objects.exclude(paused_until=None)
    assert paused.customer == acme and PluginConfig.objects.get().status == PluginStatus.LOADED
    log = PluginAuditLog.objects.latest("position")
    assert (log.action, log.actor_name, log.customer_slug) == ("pause_plugin", "quarantine", "acme")
    assert log.reason == "Within 10 minutes: 5 failures that 2 users saw, and 0 in hooks and health checks."
    assert log.after["error"] == ERROR


def test_one_user_alone_can_not_trip_it_however_often(acme):
    fail(acme, 1, times=1_000)
    pauses.pause_and_retry(NOW)
    fail(acme, 1, times=1_000)
    pauses.pause_and_retry(NOW + timedelta(minutes=1))

    assert is_effective("inventory", acme)


def test_nobody_is_no_second_user(acme):
    fail(acme, 1, times=100)
    fail(acme, None, times=100)

    pauses.pause_and_retry(NOW)

    assert is_effective("inventory", acme)


@pytest.mark.parametrize("times", [4, 5])
def test_a_hook_or_a_health_check_needs_no_user(acme, times):
    for _ in range(times):
        count_hook("inventory", customer_id=acme.pk, raised=None, place="in on_enable")

    pauses.pause_and_retry(NOW)

    assert is_effective("inventory", acme) == (times < 5)


def test_what_concerns_no_customer_pauses_it_for_everybody(acme):
    fail(None, 1, 2, times=3)

    pauses.pause_and_retry(NOW)

    row = PluginConfig.objects.get()
    assert row.status == PluginStatus.PAUSED and not CustomerPluginConfig.objects.exists()
    assert not is_effective("inventory", acme)


def test_processes_add_up(acme, monkeypatch):
    for user in (1, 1, 1, 1, 2):
        as_process(monkeypatch)
        fail(acme, user)
        assert is_effective("inventory", acme)
        pauses.pause_and_retry(NOW)

    assert not is_effective("inventory", acme)


def test_customers_do_not_add_up(acme):
    for number in range(5):
        fail(make_customer(f"c{number}"), number + 1)

    pauses.pause_and_retry(NOW)

    assert not CustomerPluginConfig.objects.exists()


def test_failures_of_long_ago_do_not_count(acme):
    fail(acme, 1, times=4)
    pauses.pause_and_retry(NOW)

    fail(acme, 2)
    pauses.pause_and_retry(NOW + timedelta(minutes=10))

    assert is_effective("inventory", acme)
    assert PluginFailure.objects.get().user_id == 2  # the others are gone

    fail(acme, 1, times=3)
    pauses.pause_and_retry(NOW + timedelta(minutes=19))
    assert is_effective("inventory", acme)
    fail(acme, 1)
    pauses.pause_and_retry(NOW + timedelta(minutes=19))
    assert not is_effective("inventory", acme)


def test_the_thresholds_can_be_set(acme, settings):
    settings.WEBNET_PAUSE_AFTER_FAILURES, settings.WEBNET_PAUSE_AFTER_USERS = 2, 1
    settings.WEBNET_PAUSE_WINDOW_MINUTES = 1
    fail(acme, 1)
    pauses.pause_and_retry(NOW)
    fail(acme, 1)
    pauses.pause_and_retry(NOW + timedelta(minutes=1))
    assert is_effective("inventory", acme)

    fail(acme, 1)
    pauses.pause_and_retry(NOW + timedelta(minutes=1))

    assert not is_effective("inventory", acme)


def test_it_comes_back_by_itself_and_former_failures_are_forgotten(acme):
    fail(acme, 1, 2, times=3)
    pauses.pause_and_retry(NOW)
    until = CustomerPluginConfig.objects.get().paused_until
    fail(acme, 1, 2, times=2)  # what another process counted just before it heard of the pause
    pauses.pause_and_retry(until - timedelta(seconds=1))
    assert not is_effective("inventory", acme)

    pauses.pause_and_retry(until)

    assert is_effective("inventory", acme) and not PluginFailure.objects.exists()
    fail(acme, 1, 2, times=2)
    pauses.pause_and_retry(until)
    assert is_effective("inventory", acme)
    fail(acme, 1)
    pauses.pause_and_retry(until)
    assert not is_effective("inventory", acme) and CustomerPluginConfig.objects.get().pauses_in_a_row == 2


def test_what_can_not_be_stored_now_is_stored_later(acme, monkeypatch):
    def break_down(*_args, **_kwargs):
        raise DatabaseError("the database rests")

    fail(acme, 1, 2, times=3)
    with monkeypatch.context() as patch:
        patch.setattr(failures, "store", break_down)
        with pytest.raises(DatabaseError):
            pauses.pause_and_retry(NOW)

    pauses.pause_and_retry(NOW)

    assert not is_effective("inventory", acme)


def test_what_was_uninstalled_or_purged_in_the_meantime_is_no_trouble(acme):
    for user in (1, 2):
        for _ in range(3):
            for plugin, pk in (("nowhere", acme.pk), ("inventory", 999_999)):
                count_for_user(plugin, user_id=user, customer_id=pk, raised=ValueError(), place="at Query.shelf")
    fail(acme, 1, 2, times=3)

    pauses.pause_and_retry(NOW)

    assert not is_effective("inventory", acme)


def test_memory_is_bounded_whatever_fails(monkeypatch):
    monkeypatch.setattr("webnet.plugins.runtime.failures.MAXIMUM_KEYS", 3)
    for number in range(10):
        count_hook("inventory", customer_id=number, raised=ValueError(), place="at Query.shelf")
    count_hook("inventory", customer_id=1, raised=None, place="in on_enable")

    taken = failures.counter.take()

    assert [each.failures for each in taken.values()] == [1, 2, 1]
    assert [each.error for each in taken.values()] == [ERROR, "Timeout in on_enable", ERROR]


def test_a_round_with_nothing_to_do_writes_nothing(acme, django_assert_num_queries):
    with django_assert_num_queries(2):
        pauses.pause_and_retry(NOW)


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
        pauses.pause_and_retry(NOW)
        assert is_effective("inventory", customer)
        manager.check_health("inventory", actor=operator, customer=slug)
    pauses.pause_and_retry(NOW)
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
    pauses.pause_and_retry(NOW)

    assert CustomerPluginConfig.objects.get(customer=customer).is_paused
    assert PluginAuditLog.objects.latest("position").after["error"] == "ValueError in on_enable"


def test_a_failing_hook_for_everybody_trips_it_for_everybody(install):
    install(Brittle())
    operator = actor_for(make_operator())

    for _ in range(5):
        with pytest.raises(HookFailed):
            manager.enable("inventory", actor=operator)
    pauses.pause_and_retry(NOW)

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
    pairs = [FailureKey(plugin=f"plugin_{number}", customer_id=acme.pk, user_id=1) for number in range(8)]
    start = Barrier(4, timeout=30)

    def store(number):
        order = pairs[number * 2 :] + pairs[: number * 2]
        try:
            start.wait()
            for _ in range(10):
                failures.store({each: FailureCount(failures=1, error=ERROR) for each in order}, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(store, number) for number in range(4)]:
            each.result(timeout=60)

    assert set(PluginFailure.objects.values_list("failures", flat=True)) == {40}
    found = failures.sum_up([(each.plugin, acme.pk) for each in pairs], now=NOW)
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
