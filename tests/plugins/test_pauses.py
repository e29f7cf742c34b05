"""Pauses: a plugin that fails rests, is tried again by itself, rests longer the next time, and is resumed by hand."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import AuditOutcome, Generation, PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import NotFound, PermissionDenied
from webnet.plugins.base import PluginBase
from webnet.plugins.gate.effective import (
    IneffectiveCode,
    customer_state,
    customer_states,
    effective_customers,
    is_effective,
    platform_state,
)
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus

pytestmark = pytest.mark.django_db

ERROR = "ValueError at Query.shelf"


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


class Sites(PluginBase):
    name = "sites"
    version = "2.0"
    dependencies = ("inventory",)


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def acme(install):
    install(Inventory(), Sites(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    make_customer("other")
    return make_customer("acme")


def stored(customer=None):
    if customer is None:
        return PluginConfig.objects.get(name="inventory")
    return CustomerPluginConfig.objects.get(customer=customer, plugin__name="inventory")


def end_pause(row):
    """Let the time of the pause pass."""
    assert manager.retry_paused(now=row.paused_until - timedelta(seconds=1)) == ()
    return manager.retry_paused(now=row.paused_until)


def length_of(row):
    return (row.paused_until - timezone.now()).total_seconds() / 60


def test_a_pause_is_for_one_customer_and_for_what_needs_the_plugin_there(acme, operator):
    tokens = dict(Generation.objects.values_list("customer__slug", "token"))

    change = manager.pause("inventory", actor=operator, customer="acme", reason="5 failures.", error=ERROR)

    state = customer_state(acme)
    assert change.changed and state.effective == frozenset()
    (reason,) = state.reasons("inventory")
    assert reason.code == IneffectiveCode.PAUSED
    assert reason.message.startswith("'inventory' is paused for 'acme' until ")
    assert reason.message.endswith(f"UTC: 5 failures. The last error: {ERROR}.")
    assert [each.code for each in state.reasons("sites")] == [IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE]
    assert list(effective_customers("inventory").values_list("slug", flat=True)) == ["other"]
    changed = {
        slug for slug, token in Generation.objects.values_list("customer__slug", "token") if tokens[slug] != token
    }
    assert changed == {"acme"}


def test_a_pause_for_everybody_is_a_status(acme, operator):
    manager.pause("inventory", actor=operator, reason="It hangs.")

    row = stored()
    assert row.status == PluginStatus.PAUSED and "'inventory' is paused until" in row.status_reason
    assert not effective_customers("inventory").exists() and not is_effective("sites", acme)

    end_pause(row)

    row = stored()
    assert (row.status, row.status_reason) == (PluginStatus.LOADED, "") and is_effective("sites", acme)


@pytest.mark.parametrize("slug", [None, "acme"])
def test_a_pause_is_audited_with_the_last_error_and_its_end_too(acme, operator, slug):
    manager.pause("inventory", actor=operator, customer=slug, reason="5 failures.", error=ERROR)
    row = stored(acme if slug else None)
    end_pause(row)

    ended, paused = PluginAuditLog.objects.all()[:2]
    assert (paused.action, paused.outcome, paused.customer_slug) == ("pause_plugin", AuditOutcome.SUCCEEDED, slug or "")
    assert (paused.reason, paused.plugin_version, paused.after["error"]) == ("5 failures.", "1.0", ERROR)
    assert paused.before == {"paused_until": None, "pauses_in_a_row": 0}
    assert (ended.action, ended.actor_name, ended.customer_slug) == ("retry_plugin", "quarantine", slug or "")
    assert ended.before["paused_until"] == paused.after["paused_until"]
    assert ended.after == {"paused_until": None, "pauses_in_a_row": 1}


@pytest.mark.parametrize("slug", [None, "acme"])
def test_each_pause_is_longer_up_to_the_longest(acme, operator, settings, slug):
    settings.WEBNET_PAUSE_MINUTES, settings.WEBNET_LONGEST_PAUSE_MINUTES = 10, 60
    lengths = []
    for _ in range(5):
        manager.pause("inventory", actor=operator, customer=slug)
        row = stored(acme if slug else None)
        lengths.append(length_of(row))
        end_pause(row)

    for length, expected in zip(lengths, (10, 20, 40, 60, 60), strict=True):
        assert expected * 0.85 < length < expected * 1.15


def test_pauses_that_began_together_do_not_end_together(acme, operator):
    for number in range(10):
        make_customer(f"c{number}")
        manager.pause("inventory", actor=operator, customer=f"c{number}")

    lengths = {round(length_of(row), 2) for row in CustomerPluginConfig.objects.all()}

    assert len(lengths) > 3


def test_after_a_day_without_a_pause_the_next_one_is_a_first_one(acme, operator):
    manager.pause("inventory", actor=operator, customer="acme")
    end_pause(stored(acme))
    CustomerPluginConfig.objects.update(pause_ended_at=timezone.now() - timedelta(days=2))

    manager.pause("inventory", actor=operator, customer="acme")

    assert stored(acme).pauses_in_a_row == 1


def test_what_rests_already_is_not_paused_again(acme, operator):
    manager.pause("inventory", actor=operator, customer="acme")
    before = stored(acme).paused_until

    change = manager.pause("inventory", actor=operator, customer="acme")

    assert not change.changed and stored(acme).paused_until == before
    assert PluginAuditLog.objects.filter(action="pause_plugin").count() == 1


def test_what_can_not_run_has_nothing_to_pause(acme, operator):
    PluginConfig.objects.filter(name="inventory").update(status=PluginStatus.FAILED)

    assert not manager.pause("inventory", actor=operator).changed
    assert stored().status == PluginStatus.FAILED


def test_one_process_of_many_tries_it_again(acme, operator):
    manager.pause("inventory", actor=operator, customer="acme")
    until = stored(acme).paused_until

    first = manager.retry_paused(now=until)
    second = manager.retry_paused(now=until)

    assert [change.plugin for change in first] == ["inventory"] and second == ()


@pytest.mark.parametrize("slug", [None, "acme"])
def test_resumed_by_hand_it_runs_at_once_and_starts_over(acme, operator, slug):
    for _ in range(2):
        manager.pause("inventory", actor=operator, customer=slug)
        end_pause(stored(acme if slug else None))
    manager.pause("inventory", actor=operator, customer=slug)

    change = manager.resume("inventory", actor=operator, customer=slug, reason="Mended.")

    row = stored(acme if slug else None)
    assert change.changed and is_effective("inventory", acme)
    assert (row.paused_until, row.pauses_in_a_row, row.pause_reason) == (None, 0, "")
    log = PluginAuditLog.objects.latest("position")
    assert (log.action, log.reason, log.actor_name) == ("resume_plugin", "Mended.", "platform")
    assert not manager.resume("inventory", actor=operator, customer=slug).changed


def test_a_customers_operator_ends_its_own_pause_only(acme, operator):
    ann = actor_for(make_member("ann", acme, Role.OPERATOR))
    vic = actor_for(make_member("vic", acme))
    for slug in ("acme", "other", None):
        manager.pause("inventory", actor=operator, customer=slug)

    with pytest.raises(PermissionDenied):
        manager.resume("inventory", actor=vic, customer="acme")
    assert manager.resume("inventory", actor=ann, customer="acme").changed
    with pytest.raises(NotFound):
        manager.resume("inventory", actor=ann, customer="other")
    with pytest.raises(PermissionDenied):
        manager.resume("inventory", actor=ann)
    with pytest.raises(NotFound):
        manager.resume("nowhere", actor=ann, customer="acme")
    with pytest.raises(PermissionDenied):
        manager.pause("inventory", actor=ann, customer="acme")


def test_a_sync_keeps_the_pause_and_says_so_when_there_is_more(acme, operator, install):
    manager.pause("inventory", actor=operator)
    manager.sync(actor=operator)
    assert stored().status == PluginStatus.PAUSED

    install(Sites())
    assert stored().status == PluginStatus.MISSING
    install(Inventory(), Sites())
    assert stored().status == PluginStatus.PAUSED and stored().status_reason == stored().pause_reason

    install(Sites())
    manager.resume("inventory", actor=operator)
    assert stored().status == PluginStatus.MISSING and not stored().is_paused


def test_a_pause_costs_the_gate_no_statement(acme, operator, django_assert_num_queries):
    manager.pause("inventory", actor=operator, customer="acme")
    platform = platform_state()

    with django_assert_num_queries(1):
        state = customer_states([acme], platform)[acme.pk]

    assert "inventory" not in state.effective
