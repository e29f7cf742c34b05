"""Which rows of the audit log a subscriber gets: those it may read, and the platform's changes that affect it.

What it may read is the same as in `pluginAuditLogs`. Members of a customer also get the platform's changes to plugins
that they can see, but not who made them, why, or with which settings.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from webnet.api.declarations.connections import narrow
from webnet.api.request.context import Context
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.resolvers.listings import audit_logs_of, audited_customers
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.audit.search_range import SEARCHED_ROWS
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

SWITCHES = ("enable_plugin", "disable_plugin", "set_plugin_availability")
# The platform's changes to a plugin that affect all customers.
PLATFORM_CHANGES = (*SWITCHES, "update_plugin_settings", "revert_plugin_settings", "resume_plugin")
PLATFORM_NAME = "platform"


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Subscribers that get the same rows, with the same cursors, which belong to the view.

    `customers` are those whose rows they may read, None means all.
    """

    customers: frozenset[int] | None
    is_platform: bool
    view: str
    wanted: PluginAuditLogFilter | None = field(compare=False)
    filter_key: str

    @classmethod
    def of(cls, context: Context, wanted: PluginAuditLogFilter | None) -> Audience:
        """The audience that a subscriber belongs to at the moment."""
        customers = audited_customers(context.reading)
        return cls(
            customers=None if customers is None else frozenset(customers),
            is_platform=context.actor.is_platform_operator,
            view=context.view_slug,
            wanted=wanted,
            filter_key=repr(wanted),
        )

    def may_want(self, rows: Iterable[PluginAuditLog]) -> bool:
        """False if none of these rows can be for this audience, which saves a query."""
        if self.customers is None:
            return True
        return bool(self.customers) and any(row.customer_id in self.customers or _is_candidate(row) for row in rows)

    def read(self, *, after: int, until: int, limit: int) -> tuple[list[PluginAuditLog], int]:
        """The next rows by position, and the position up to which they are complete.

        It looks at a part of the log at the most, so that it makes progress in its time whatever is filtered by.
        """
        until = min(until, after + SEARCHED_ROWS)
        found = [*self._own(after, until, limit), *self._of_platform(after, until, limit)]
        found.sort(key=lambda row: row.position)
        page = found[:limit]
        covered = page[-1].position if len(page) == limit else until
        return list(self._show(page)), covered

    def _own(self, after: int, until: int, limit: int) -> QuerySet[PluginAuditLog]:
        rows = self._cut(audit_logs_of(self.customers), after, until)
        return (self.wanted.find(rows) if self.wanted is not None and self.wanted.searches else rows)[:limit]

    def _of_platform(self, after: int, until: int, limit: int) -> QuerySet[PluginAuditLog]:
        rows = PluginAuditLog.objects.defer("text")
        if not self.customers or _filters_by_redacted(self.wanted):
            return rows.none()
        succeeded = AuditOutcome.SUCCEEDED.value
        changes = rows.filter(customer_id=None, action__in=PLATFORM_CHANGES, outcome=succeeded)
        return self._cut(changes, after, until)[:limit]

    def _cut(self, rows: QuerySet[PluginAuditLog], after: int, until: int) -> QuerySet[PluginAuditLog]:
        return narrow(rows, self.wanted).filter(position__gt=after, position__lte=until).order_by("position")

    def _show(self, rows: list[PluginAuditLog]) -> Iterator[PluginAuditLog]:
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
    """Which plugins some of the customers can see; `own` has the availabilities that customers have of their own."""

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
        """Whether one of the customers could see the plugin before the change, or can after it."""
        return any(self._exists(row.plugin_name, *state) for state in self._states(row))

    def _states(self, row: PluginAuditLog) -> Iterator[tuple[bool, str]]:
        """The global states of the plugin that matter for the row, as (is enabled, availability)."""
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
    """A copy for members of a customer: it only shows that the platform did it, and whether the plugin is enabled."""
    shown = copy.copy(row)
    shown.actor_id, shown.actor_name, shown.role, shown.ip_address = None, PLATFORM_NAME, "", None
    shown.reason = shown.request_id = ""
    if row.action not in SWITCHES:
        shown.before = shown.after = None
    return shown


def _is_candidate(row: PluginAuditLog) -> bool:
    return row.customer_id is None and row.action in PLATFORM_CHANGES


def _filters_by_redacted(wanted: Any) -> bool:
    """Whether the filter uses redacted columns: any result would reveal their content."""
    return wanted is not None and bool(wanted.actor or wanted.request_id or wanted.searches)
