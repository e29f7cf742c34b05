"""Pauses a plugin that fails, tries it again when its pause is over, and resumes it by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.conf import settings

from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.changes.scopes import Scope, lock_scope
from webnet.plugins.changes.switching import PluginChange
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


@audited
def pause(operation: Operation, *, customer: str | None, error: str, now: datetime) -> PluginChange:
    """Let the plugin rest, longer each time; what rests already, or can't run at all, stays as it is."""
    access.require_operator(operation.actor)
    scope = lock_scope(operation, customer)
    row = scope.row(operation.plugin_name)
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
    """End the pause by hand, and forget the pauses before it: somebody has seen to it."""
    scope = lock_scope(operation, customer)
    row = scope.row(operation.plugin_name)
    if row.is_paused:
        before = view(row)
        row.paused_until, row.pause_reason, row.pauses_in_a_row, row.pause_ended_at = None, "", 0, None
        _write(scope, row)
        operation.record(before=before, after=view(row))
    return _describe_change(operation, scope)


@audited
def retry(operation: Operation, *, customer: str | None, now: datetime) -> PluginChange:
    """End a pause that is over at that time; what fails again is paused for longer."""
    scope = lock_scope(operation, customer)
    row = scope.row(operation.plugin_name)
    if row.paused_until is not None and row.paused_until <= now:
        before = view(row)
        row.paused_until, row.pause_reason, row.pause_ended_at = None, "", now
        _write(scope, row)
        operation.record(before=before, after=view(row))
    return _describe_change(operation, scope)


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


def _write(scope: Scope, row: PausedRow) -> None:
    if isinstance(row, CustomerPluginConfig):
        row.save(update_fields=PAUSE_FIELDS if row.pk else None)
    else:
        _follow_status(row)
        row.save(update_fields=[*PAUSE_FIELDS, "status", "status_reason"])
    scope.renew()
    # Whatever begins now, a rest or a new try, the failures before it have led to it and count no more.
    plugin = row.name if isinstance(row, PluginConfig) else row.plugin.name
    failure_table.forget(plugin, scope.customer.pk if scope.customer is not None else 0)


def _describe_change(operation: Operation, scope: Scope) -> PluginChange:
    return PluginChange(plugin=operation.plugin_name, customer=scope.customer, changed=operation.has_changed)


def _follow_status(row: PluginConfig) -> None:
    """What a sync has found in the meantime, such as a missing migration, stays."""
    if row.is_paused:
        row.status, row.status_reason = PluginStatus.PAUSED, row.pause_reason
    elif row.status == PluginStatus.PAUSED:
        row.status, row.status_reason = PluginStatus.LOADED, ""


def _describe_pause(operation: Operation, until: datetime, error: str) -> str:
    whom = f" for '{operation.customer.slug}'" if operation.customer is not None else ""
    message = f"'{operation.plugin_name}' is paused{whom} until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    why = " ".join(each for each in (operation.reason, f"The last error: {error}." if error else "") if each)
    return f"{message}: {why}" if why else f"{message}."
