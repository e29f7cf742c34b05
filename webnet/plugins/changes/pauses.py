"""Quarantine: pauses what fails too often, retries it when its pause is over, and resumes it on request.

Each process that serves calls `pause_and_retry` every few seconds. It adds the process's own failures to the table that
all processes share, and judges the totals. `pause`, `resume` and `retry` run inside an `Operation`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from webnet.audit import operation
from webnet.audit.operation import Operation
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import Refusal
from webnet.plugins.changes import customer as customer_changes
from webnet.plugins.changes.switching import find_plugin
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.failures import FailureCount, FailureKey, FailureTotal, Pair

logger = logging.getLogger(__name__)

QUARANTINE = Actor.system("quarantine")
PausedRow: TypeAlias = "PluginConfig | CustomerPluginConfig"

# A plugin that has run for this long after a pause starts again with the shortest one.
FORGIVEN_AFTER = timedelta(days=1)
# A tenth more or less, so that plugins paused together are not all retried at the same moment.
JITTER = 0.1
PAUSE_FIELDS = ("paused_until", "pause_reason", "pauses_in_a_row", "pause_ended_at")


@dataclass(frozen=True, kw_only=True)
class PausedPair:
    """A plugin that is paused, for everybody or for one customer."""

    plugin: str
    customer: Customer | None


def pause_and_retry(now: datetime | None = None) -> None:
    """One round: store what failed here, pause what fails too often, retry what was paused for long enough.

    Counts that can't be stored are kept for the next round.
    """
    at = now or timezone.now()
    counted = failures.counter.take()
    if counted:
        try:
            failures.store(counted, now=at)
        except DatabaseError:
            failures.counter.put_back(counted)
            raise
        _pause_failing(counted, at)
        failures.forget_old(now=at)
    for pair in find_due(at):
        _retry_due(pair, at)


def _pause_failing(counted: Mapping[FailureKey, FailureCount], now: datetime) -> None:
    # Only pairs that failed in this process since the last round: others did not change by what it stored.
    errors: dict[Pair, str] = {(key.plugin, key.customer_id): count.error for key, count in counted.items()}
    totals = failures.sum_up(errors, now=now)
    failing = {pair: total for pair, total in totals.items() if _is_too_much(total)}
    slugs = dict(Customer.objects.filter(pk__in={pk for _, pk in failing if pk}).values_list("pk", "slug"))
    for (plugin, customer_id), total in failing.items():
        # A customer that was purged in the meantime has nothing left to pause.
        if not customer_id or customer_id in slugs:
            _pause_one(plugin, slugs.get(customer_id), total, error=errors[plugin, customer_id], now=now)


def _is_too_much(total: FailureTotal) -> bool:
    """Hooks and health checks count by themselves; what users see only counts once it is not one user alone."""
    enough, users = settings.WEBNET_PAUSE_AFTER_FAILURES, settings.WEBNET_PAUSE_AFTER_USERS
    return total.unattended >= enough or (total.failures >= enough and total.users >= users)


def _pause_one(plugin: str, customer: str | None, total: FailureTotal, *, error: str, now: datetime) -> None:
    seen = f"{total.failures - total.unattended} failures that {total.users} users saw"
    reason = (
        f"Within {settings.WEBNET_PAUSE_WINDOW_MINUTES} minutes: {seen}, "
        f"and {total.unattended} in hooks and health checks."
    )
    work = Operation(actor=QUARANTINE, action="pause_plugin", plugin_name=plugin, reason=reason)
    try:
        work.run(lambda: pause(work, customer=customer, error=error, now=now))
    except Refusal as refusal:  # it was uninstalled in the meantime
        logger.warning("Plugin '%s' could not be paused: %s", plugin, refusal.message)


def _retry_due(pair: PausedPair, now: datetime) -> None:
    slug = pair.customer.slug if pair.customer is not None else None
    work = Operation(actor=QUARANTINE, action="retry_plugin", plugin_name=pair.plugin)
    work.run(lambda: retry(work, customer=slug, now=now))


def find_due(now: datetime) -> list[PausedPair]:
    """The pauses that are over, the longest over first."""
    platform = PluginConfig.objects.filter(paused_until__lte=now)
    customers = CustomerPluginConfig.objects.filter(paused_until__lte=now).select_related("plugin", "customer")
    found = [(row.paused_until, PausedPair(plugin=row.name, customer=None)) for row in platform]
    found += [(row.paused_until, PausedPair(plugin=row.plugin.name, customer=row.customer)) for row in customers]
    return [pair for _, pair in sorted(found, key=lambda each: each[0] or now)]


def pause(work: Operation, *, customer: str | None, error: str, now: datetime) -> tuple[str, ...]:
    """Pause the plugin, for longer each time; one that is paused already, or can't run at all, stays as it is."""
    access.require_operator(work.actor)
    row = _begin(work, customer)
    if row.is_paused or (isinstance(row, PluginConfig) and row.status != PluginStatus.LOADED):
        return ()
    before = view(row)
    is_on_probation = row.pause_ended_at is not None and now - row.pause_ended_at < FORGIVEN_AFTER
    in_a_row = row.pauses_in_a_row if is_on_probation else 0
    row.paused_until, row.pauses_in_a_row = now + find_length(in_a_row), in_a_row + 1
    whom = f" for '{work.customer.slug}'" if work.customer is not None else ""
    until = f"until {row.paused_until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    why = " ".join(part for part in (work.reason, f"The last error: {error}." if error else "") if part)
    row.pause_reason = f"'{work.plugin_name}' is paused{whom} {until}{f': {why}' if why else '.'}"
    _write(work, row, before)
    work.after = {**view(row), "error": error or None}
    return ()


def resume(work: Operation, *, customer: str | None) -> tuple[str, ...]:
    """End the pause on request, and forget the pauses before it: somebody has seen to it."""
    if customer is None:
        access.require_operator(work.actor)
    row = _begin(work, customer)
    if row.is_paused:
        before = view(row)
        row.paused_until, row.pause_reason, row.pauses_in_a_row, row.pause_ended_at = None, "", 0, None
        _write(work, row, before)
    return ()


def retry(work: Operation, *, customer: str | None, now: datetime) -> tuple[str, ...]:
    """End a pause that is over at that time; what fails again is paused for longer."""
    row = _begin(work, customer)
    if row.paused_until is not None and row.paused_until <= now:
        before = view(row)
        row.paused_until, row.pause_reason, row.pause_ended_at = None, "", now
        _write(work, row, before)
    return ()


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


def _begin(work: Operation, customer: str | None) -> PausedRow:
    """Find, allow and lock; returns the row that holds the pause."""
    if customer is not None:
        return customer_changes.begin(work, customer).config(work.plugin_name)
    operation.lock_platform()
    row = find_plugin(platform_state().plugins, work.plugin_name)
    work.plugin_version = row.version or ""
    return row


def _write(work: Operation, row: PausedRow, before: dict[str, object]) -> None:
    if isinstance(row, CustomerPluginConfig):
        row.save(update_fields=PAUSE_FIELDS if row.pk else None)
        operation.renew_customer(row.customer)
    else:
        if row.is_paused:
            row.status, row.status_reason = PluginStatus.PAUSED, row.pause_reason
        elif row.status == PluginStatus.PAUSED:  # else a sync found worse since, such as a missing migration
            row.status, row.status_reason = PluginStatus.LOADED, ""
        row.save(update_fields=[*PAUSE_FIELDS, "status", "status_reason"])
        operation.renew_platform()
    # A pause or a new try begins now: the failures that led to it no longer count.
    failures.forget(work.plugin_name, work.customer.pk if work.customer is not None else 0)
    work.changed, work.before, work.after = True, before, view(row)
