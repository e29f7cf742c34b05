"""Pauses a plugin that fails, tries it again when its pause is over, and resumes it by hand; inside an `Operation`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.conf import settings

from webnet.audit import operation
from webnet.audit.operation import Operation
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.changes import customer as customer_changes
from webnet.plugins.changes.switching import find_plugin
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.runtime import failure_table

QUARANTINE = Actor.system("quarantine")
PausedRow: TypeAlias = "PluginConfig | CustomerPluginConfig"

# After so long without a pause, the next one is a first one again.
FORGIVEN_AFTER = timedelta(days=1)
# So that what was paused together is not tried again together.
JITTER = 0.1
PAUSE_FIELDS = ("paused_until", "pause_reason", "pauses_in_a_row", "pause_ended_at")


@dataclass(frozen=True, kw_only=True)
class PausedPair:
    """A plugin that is paused, for everybody or for one customer."""

    plugin: str
    customer: Customer | None


def pause(work: Operation, *, customer: str | None, error: str, now: datetime) -> tuple[str, ...]:
    """Let the plugin rest, longer each time; what rests already, or can't run at all, stays as it is."""
    access.require_operator(work.actor)
    row = _begin(work, customer)
    if row.is_paused or (isinstance(row, PluginConfig) and row.status != PluginStatus.LOADED):
        return ()
    before = view(row)
    in_a_row = row.pauses_in_a_row if _is_on_probation(row, now) else 0
    row.paused_until, row.pauses_in_a_row = now + find_length(in_a_row), in_a_row + 1
    row.pause_reason = _tell(work, row.paused_until, error)
    _write(work, row, before)
    work.after = {**view(row), "error": error or None}
    return ()


def resume(work: Operation, *, customer: str | None) -> tuple[str, ...]:
    """End the pause by hand, and forget the pauses before it: somebody has seen to it."""
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


def find_due(now: datetime) -> list[PausedPair]:
    """The pauses that are over, the longest over first."""
    platform = PluginConfig.objects.filter(paused_until__lte=now)
    customers = CustomerPluginConfig.objects.filter(paused_until__lte=now).select_related("plugin", "customer")
    found = [(row.paused_until, PausedPair(plugin=row.name, customer=None)) for row in platform]
    found += [(row.paused_until, PausedPair(plugin=row.plugin.name, customer=row.customer)) for row in customers]
    return [pair for _, pair in sorted(found, key=lambda each: each[0] or now)]


def find_length(pauses_before: int) -> timedelta:
    """How long the next pause lasts: twice as long each time up to the longest, give or take a little."""
    longest = settings.WEBNET_LONGEST_PAUSE_MINUTES
    # 2**20 first pauses are two years at least; a larger power would only be a large number.
    minutes = min(settings.WEBNET_PAUSE_MINUTES * 2 ** min(pauses_before, 20), longest)
    return timedelta(minutes=minutes * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - nothing secret


def view(row: PausedRow) -> dict[str, object]:
    """What an audit row says of a pause, before and after."""
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


def _is_on_probation(row: PausedRow, now: datetime) -> bool:
    return row.pause_ended_at is not None and now - row.pause_ended_at < FORGIVEN_AFTER


def _write(work: Operation, row: PausedRow, before: dict[str, object]) -> None:
    if isinstance(row, CustomerPluginConfig):
        row.save(update_fields=PAUSE_FIELDS if row.pk else None)
        operation.renew_customer(row.customer)
    else:
        _follow_status(row)
        row.save(update_fields=[*PAUSE_FIELDS, "status", "status_reason"])
        operation.renew_platform()
    # Whatever it is that begins now, a rest or a new try, former failures have led to it and count no more.
    failure_table.forget(work.plugin_name, work.customer.pk if work.customer is not None else 0)
    work.changed, work.before, work.after = True, before, view(row)


def _follow_status(row: PluginConfig) -> None:
    """What a sync has found in the meantime, such as a missing migration, stays."""
    if row.is_paused:
        row.status, row.status_reason = PluginStatus.PAUSED, row.pause_reason
    elif row.status == PluginStatus.PAUSED:
        row.status, row.status_reason = PluginStatus.LOADED, ""


def _tell(work: Operation, until: datetime, error: str) -> str:
    whom = f" for '{work.customer.slug}'" if work.customer is not None else ""
    words = f"'{work.plugin_name}' is paused{whom} until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    why = " ".join(each for each in (work.reason, f"The last error: {error}." if error else "") if each)
    return f"{words}: {why}" if why else f"{words}."
