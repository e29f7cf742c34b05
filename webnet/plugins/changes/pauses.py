"""Quarantine: pauses what fails too often, retries it when its pause is over, and resumes it on request.

Each process that serves adds its own failures to the table that all processes share within a second, and checks the
totals. The request with which they may become too much does so itself, before it is answered. A pause is a change like
any other, so that every process obeys it from its next request on.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TypeAlias

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import HookFailed, Refusal
from webnet.plugins.changes.scopes import Scope, lock_scope
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.runtime import deaths, failures
from webnet.plugins.runtime.failures import FailureCount, FailureKey, Pair
from webnet.sentences import Sentence, join_sentences, sentence

logger = logging.getLogger(__name__)

QUARANTINE = Actor.system("quarantine")
PausedRow: TypeAlias = "PluginConfig | CustomerPluginConfig"

# A plugin that has run for this long after a pause starts again with the shortest one.
FORGIVEN_AFTER = timedelta(days=1)
# A tenth more or less, so that plugins paused together are not all retried at the same moment.
JITTER = 0.1
# A request that waits here is answered only once what it has counted is judged, be it by another one.
_turn = Lock()
PAUSE_FIELDS = ("paused_until", "pause_reason", "pauses_in_a_row", "pause_ended_at", "updated_at")


def pause_and_retry(now: datetime | None = None) -> None:
    """One round: store what failed here, pause what fails too often, retry what was paused for long enough.

    Counts that can't be stored are kept for the next round.
    """
    at = now or timezone.now()
    store_and_pause(at)
    retry_due(at)


def pause_at_once() -> None:
    """Pause what has failed too often with this request, before it is answered.

    Takes no statement unless this process knows of enough failures: many in one request are looked at once. Errors are
    logged: what could not be stored is stored in the next round.
    """
    if connection.in_atomic_block or not failures.counter.may_be_enough():
        return
    try:
        store_and_pause(timezone.now())
    except DatabaseError as error:
        logger.warning("Failures of plugins could not be stored, the database is not available: %s", error)
    except Exception:
        logger.exception("A plugin that fails could not be paused.")


def store_and_pause(now: datetime) -> None:
    """Store what failed here, and pause what fails too often."""
    with _turn:
        counted = failures.counter.take()
        if not counted:
            return
        try:
            failures.store(counted, now=now)
        except DatabaseError:
            failures.counter.put_back(counted)
            raise
        _pause_failing(counted, now)
        failures.forget_old(now=now)


def _pause_failing(counted: Mapping[FailureKey, FailureCount], now: datetime) -> None:
    # Only pairs that failed in this process since the last round: others did not change by what it stored.
    errors: dict[Pair, str] = {(key.plugin, key.customer_id): count.error for key, count in counted.items()}
    totals = failures.sum_up(errors, now=now)
    failures.counter.remember(counted, totals)
    failing = {pair: total for pair, total in totals.items() if total.is_too_much}
    slugs = dict(Customer.objects.filter(pk__in={pk for _, pk in failing if pk}).values_list("pk", "slug"))
    window = settings.WEBNET_PAUSE_WINDOW_MINUTES
    for (plugin, customer_id), total in failing.items():
        # For a customer that was purged in the meantime, nothing needs to be paused.
        if customer_id and customer_id not in slugs:
            continue
        reason = sentence(
            "Within {minutes} minutes: {seen} failures that {users} users saw, and {unattended} in hooks and health "
            "checks.",
            minutes=window,
            seen=total.failures - total.unattended,
            users=total.users,
            unattended=total.unattended,
        )
        operation = Operation(actor=QUARANTINE, action="pause_plugin", plugin_name=plugin, reason=reason)
        try:
            pause(operation, customer=slugs.get(customer_id), error=errors[plugin, customer_id], now=now)
        except Refusal as refusal:  # it was uninstalled in the meantime
            logger.warning("Plugin '%s' could not be paused: %s", plugin, refusal.message)


def retry_due(now: datetime) -> tuple[PluginChange, ...]:
    """Retry every plugin whose pause is over, the longest over first: one transaction each."""
    platform = PluginConfig.objects.filter(paused_until__lte=now)
    customers = CustomerPluginConfig.objects.filter(paused_until__lte=now).select_related("plugin", "customer")
    due: list[tuple[datetime | None, str, str | None]] = [(row.paused_until, row.name, None) for row in platform]
    due += [(row.paused_until, row.plugin.name, row.customer.slug) for row in customers]
    changes = []
    for _, plugin, customer in sorted(due, key=lambda each: each[0] or now):
        operation = Operation(actor=QUARANTINE, action="retry_plugin", plugin_name=plugin)
        changes.append(retry(operation, customer=customer, now=now))
    return tuple(changes)


@audited
def pause(operation: Operation, *, customer: str | None, error: str, now: datetime) -> PluginChange:
    """Pause the plugin, for longer each time; a plugin that is paused already, or can't run at all, stays as it is."""
    access.require_operator(operation.actor)
    scope = lock_scope(operation, customer)
    row = scope.read_row(operation.plugin_name)
    is_runnable = not isinstance(row, PluginConfig) or row.status == PluginStatus.LOADED
    if is_runnable and not row.is_paused:
        before = view(row)
        is_on_probation = row.pause_ended_at is not None and now - row.pause_ended_at < FORGIVEN_AFTER
        in_a_row = row.pauses_in_a_row if is_on_probation else 0
        row.paused_until, row.pauses_in_a_row = now + find_length(in_a_row), in_a_row + 1
        row.pause_reason = _describe_pause(operation, row.paused_until, error)
        _write(scope, row)
        operation.record(before=before, after={**view(row), "error": error or None})
    return _describe_change(operation, scope)


@audited
def resume(operation: Operation, *, customer: str | None) -> PluginChange:
    """End the pause on request, and forget earlier pauses: the problem is taken to be fixed."""
    scope = lock_scope(operation, customer)
    row = scope.read_row(operation.plugin_name)
    if row.is_paused:
        before = view(row)
        row.paused_until, row.pause_reason, row.pauses_in_a_row, row.pause_ended_at = None, "", 0, None
        _write(scope, row)
        operation.record(before=before, after=view(row))
    deaths.forget(operation.plugin_name, scope.customer.pk if scope.customer is not None else 0)
    return _describe_change(operation, scope)


@audited
def retry(operation: Operation, *, customer: str | None, now: datetime) -> PluginChange:
    """End a pause that is over at that time; what fails again is paused for longer."""
    scope = lock_scope(operation, customer)
    row = scope.read_row(operation.plugin_name)
    if row.paused_until is not None and row.paused_until <= now:
        before = view(row)
        row.paused_until, row.pause_reason, row.pause_ended_at = None, "", now
        _write(scope, row)
        operation.record(before=before, after=view(row))
    return _describe_change(operation, scope)


@contextmanager
def pausing_at_once(operation: Operation) -> Iterator[None]:
    """Pause the plugin whose hook has ended the operation's transaction: what it did was undone, and might not be next.

    For the customer of the operation, or for everybody.
    """
    try:
        yield
    except HookFailed as failed:
        if failed.ended_transaction:
            customer = operation.customer.slug if operation.customer is not None else None
            reason = sentence("It ended the transaction of '{action}', which ran its hook.", action=operation.action)
            pausing = Operation(actor=QUARANTINE, action="pause_plugin", plugin_name=failed.plugin_name, reason=reason)
            pause(pausing, customer=customer, error="", now=timezone.now())
        raise


def find_length(pauses_before: int) -> timedelta:
    """How long the next pause lasts: twice as long each time up to the longest, give or take a little."""
    longest = settings.WEBNET_LONGEST_PAUSE_MINUTES
    # 2**20 first pauses are two years at least; a larger power would only be a large number.
    minutes = min(settings.WEBNET_PAUSE_MINUTES * 2 ** min(pauses_before, 20), longest)
    return timedelta(minutes=minutes * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - nothing secret


def view(row: PausedRow) -> dict[str, object]:
    """What an audit row contains about a pause, before and after."""
    until = row.paused_until.astimezone(UTC).isoformat() if row.paused_until is not None else None
    return {"paused_until": until, "pauses_in_a_row": row.pauses_in_a_row}


def _write(scope: Scope, row: PausedRow) -> None:
    if isinstance(row, CustomerPluginConfig):
        row.save(update_fields=PAUSE_FIELDS if row.pk else None)
    else:
        if row.is_paused:
            row.status, row.status_reason = PluginStatus.PAUSED, row.pause_reason
        elif row.status == PluginStatus.PAUSED:  # else a sync found worse since, such as a missing migration
            row.status, row.status_reason = PluginStatus.LOADED, ""
        row.save(update_fields=[*PAUSE_FIELDS, "status", "status_reason"])
    scope.renew()
    # A pause or a new attempt begins: the failures that led to it no longer count.
    plugin = row.name if isinstance(row, PluginConfig) else row.plugin.name
    failures.forget(plugin, scope.customer.pk if scope.customer is not None else 0)


def _describe_change(operation: Operation, scope: Scope) -> PluginChange:
    return PluginChange(plugin=operation.plugin_name, customer=scope.customer, changed=operation.has_changed)


def _describe_pause(operation: Operation, until: datetime, error: str) -> Sentence:
    whom = sentence(" for '{customer}'", customer=operation.customer.slug) if operation.customer is not None else ""
    last = sentence("The last error: {error}.", error=error) if error else ""
    why = join_sentences((operation.reason or "", last))
    data = {"plugin": operation.plugin_name, "whom": whom, "until": f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"}
    if why:
        return sentence("'{plugin}' is paused{whom} until {until}: {why}", why=why, **data)
    return sentence("'{plugin}' is paused{whom} until {until}.", **data)
