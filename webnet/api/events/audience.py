"""Which rows of the audit log a subscriber gets: those it may read, and the platform's changes that concern it.

What it may read is the rule of `pluginAuditLogs`. A customer's people also get what the platform did to plugins that
exist for them, without saying who did it, why, or with which settings.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from webnet.api.declarations.filters import narrow
from webnet.api.paging.scan_window import REACH
from webnet.api.request.reader import Reading
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.resolvers.listings import audit_logs_of, audited_customers
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

SWITCHES = ("enable_plugin", "disable_plugin", "set_plugin_availability")
# What the platform does to a plugin for everybody.
PLATFORM_CHANGES = (*SWITCHES, "update_plugin_settings", "revert_plugin_settings", "resume_plugin")
PLATFORM_NAME = "platform"


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Subscribers that get the same rows; `customers` are those whose rows they read, None means all."""

    customers: frozenset[int] | None
    is_platform: bool
    wanted: PluginAuditLogFilter | None = field(compare=False)
    filter_key: str

    @classmethod
    def of(cls, reading: Reading, wanted: PluginAuditLogFilter | None) -> Audience:
        """The audience that somebody belongs to now."""
        customers = audited_customers(reading)
        return cls(
            customers=None if customers is None else frozenset(customers),
            is_platform=reading.actor.is_platform_operator,
            wanted=wanted,
            filter_key=repr(wanted),
        )

    def may_want(self, rows: Iterable[PluginAuditLog]) -> bool:
        """False where none of these rows can be for it, which spares a look into the database."""
        if self.customers is None:
            return True
        return bool(self.customers) and any(row.customer_id in self.customers or _is_candidate(row) for row in rows)

    def read(self, *, after: int, until: int, limit: int) -> tuple[list[PluginAuditLog], int]:
        """The next rows in order of position, and the position up to which there are no others."""
        if self.wanted is not None and self.wanted.searches:
            until = min(until, after + REACH)
        found = [*self._own(after, until, limit), *self._of_platform(after, until, limit)]
        found.sort(key=lambda row: row.position)
        page = found[:limit]
        covered = page[-1].position if len(page) == limit else until
        return list(self._told(page)), covered

    def _own(self, after: int, until: int, limit: int) -> QuerySet[PluginAuditLog]:
        return self._cut(audit_logs_of(self.customers), after, until, limit)

    def _of_platform(self, after: int, until: int, limit: int) -> QuerySet[PluginAuditLog]:
        rows = PluginAuditLog.objects.defer("text")
        if not self.customers or _asks_for_redacted(self.wanted):
            return rows.none()
        succeeded = AuditOutcome.SUCCEEDED.value
        changes = rows.filter(customer_id=None, action__in=PLATFORM_CHANGES, outcome=succeeded)
        return self._cut(changes, after, until, limit)

    def _cut(self, rows: QuerySet[PluginAuditLog], after: int, until: int, limit: int) -> QuerySet[PluginAuditLog]:
        rows = self.wanted.find(narrow(rows, self.wanted)) if self.wanted else rows
        return rows.filter(position__gt=after, position__lte=until).order_by("position")[:limit]

    def _told(self, rows: list[PluginAuditLog]) -> Iterator[PluginAuditLog]:
        concern: Concern | None = None
        for row in rows:
            if self.customers is None or row.customer_id is not None:
                yield row
                continue
            concern = concern or Concern.of(self.customers)
            if concern.has(row):
                yield row if self.is_platform else redact(row)


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Which plugins exist for some of the customers: `own` are the availabilities that they have of their own."""

    plugins: Mapping[str, PluginConfig]
    own: Mapping[str, list[str]]
    count: int

    @classmethod
    def of(cls, customers: frozenset[int]) -> Concern:
        own: dict[str, list[str]] = {}
        configs = CustomerPluginConfig.objects.filter(customer__in=customers).exclude(availability="")
        for name, availability in configs.values_list("plugin__name", "availability"):
            own.setdefault(name, []).append(availability)
        return cls(plugins={row.name: row for row in PluginConfig.objects.all()}, own=own, count=len(customers))

    def has(self, row: PluginAuditLog) -> bool:
        """Whether the plugin existed for one of the customers, before the change or after it."""
        return any(self._exists(row.plugin_name, *state) for state in self._states(row))

    def _states(self, row: PluginAuditLog) -> Iterator[tuple[bool, str]]:
        """(is enabled, availability), globally."""
        for state in (row.before, row.after) if row.action in SWITCHES else ():
            if isinstance(state, dict):
                yield bool(state.get("enabled")), state.get("availability") or ""
        plugin = self.plugins.get(row.plugin_name)
        if plugin is not None and row.action not in SWITCHES:
            yield plugin.enabled, plugin.availability

    def _exists(self, name: str, is_enabled: bool, availability: str) -> bool:  # noqa: FBT001 - a state, as above
        own = self.own.get(name, [])
        inherits = len(own) < self.count and availability != Availability.WITHHELD
        return is_enabled and (inherits or any(each != Availability.WITHHELD for each in own))


def redact(row: PluginAuditLog) -> PluginAuditLog:
    """The row as a customer's people see it: that the platform did it, and whether the plugin is on."""
    shown = copy.copy(row)
    shown.actor_id, shown.actor_name, shown.role, shown.ip_address = None, PLATFORM_NAME, "", None
    shown.reason = shown.request_id = ""
    if row.action not in SWITCHES:
        shown.before = shown.after = None
    return shown


def _is_candidate(row: PluginAuditLog) -> bool:
    return row.customer_id is None and row.action in PLATFORM_CHANGES


def _asks_for_redacted(wanted: Any) -> bool:
    """Whether the filter asks for what is not told; an answer would tell it."""
    return wanted is not None and bool(wanted.actor or wanted.request_id or wanted.searches)
