"""The filters of lists: fields are joined by AND, items of one list by OR; what is missing or null does not filter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import strawberry
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from strawberry import UNSET

from webnet.api.vocabulary.enums import AuditOutcome, Availability, HealthStatus, PluginStatus
from webnet.audit.models import PluginAuditLog
from webnet.audit.search import containing, created_between
from webnet.customers.models import Customer
from webnet.plugins.gate.effective import PlatformState, effective_customers
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth


@strawberry.input(
    description=(
        "`search` is a case-insensitive part of slug or name; the last two ask what is effective after every rule."
    )
)
class CustomerFilter:
    slug: list[str] | None = UNSET
    search: str | None = UNSET
    is_active: bool | None = UNSET
    with_effective_plugin: str | None = UNSET
    without_effective_plugin: str | None = UNSET

    def apply(self, rows: QuerySet[Customer], platform: PlatformState) -> QuerySet[Customer]:
        rows = _apply(rows, slug__in=self.slug, is_active=self.is_active)
        if _is_given(self.search):
            rows = rows.filter(Q(slug__icontains=self.search) | Q(name__icontains=self.search))
        if self.with_effective_plugin:
            rows = rows.filter(pk__in=effective_customers(self.with_effective_plugin, platform).values("pk"))
        if self.without_effective_plugin:
            rows = rows.exclude(pk__in=effective_customers(self.without_effective_plugin, platform).values("pk"))
        return rows


@strawberry.input(
    description=(
        "`search` is a case-insensitive part of name, verbose name or description; "
        "`health` is the platform's last check."
    )
)
class PluginFilter:
    name: list[str] | None = UNSET
    search: str | None = UNSET
    status: list[PluginStatus] | None = UNSET
    enabled: bool | None = UNSET
    availability: list[Availability] | None = UNSET
    health: list[HealthStatus] | None = UNSET
    author: list[str] | None = UNSET

    def apply(self, rows: QuerySet[PluginConfig], *, sees_health: bool) -> QuerySet[PluginConfig]:
        """`sees_health`: whether the platform's health is told to this viewer; to others it filters out everything."""
        rows = _apply(
            rows,
            name__in=self.name,
            status__in=_values(self.status),
            enabled=self.enabled,
            availability__in=_values(self.availability),
            author__in=self.author,
        )
        if _is_given(self.search):
            in_names = Q(name__icontains=self.search) | Q(verbose_name__icontains=self.search)
            rows = rows.filter(in_names | Q(description__icontains=self.search))
        if _is_given(self.health):
            checked = PluginHealth.objects.filter(customer=None, is_latest=True, status__in=_values(self.health) or ())
            rows = rows.filter(pk__in=checked.values("plugin")) if sees_health else rows.none()
        return rows


@strawberry.input(description="`hasSettings`: whether the customer overrides any setting; `enabled`: its own choice.")
class CustomerPluginConfigFilter:
    customer: list[str] | None = UNSET
    plugin: list[str] | None = UNSET
    enabled: bool | None = UNSET
    availability: list[Availability] | None = UNSET
    has_settings: bool | None = UNSET
    health: list[HealthStatus] | None = UNSET

    def apply(self, rows: QuerySet[CustomerPluginConfig]) -> QuerySet[CustomerPluginConfig]:
        rows = _apply(rows, customer__slug__in=self.customer, plugin__name__in=self.plugin, enabled=self.enabled)
        if _is_given(self.availability):
            rows = rows.filter(availability_is(_values(self.availability) or ()))
        if _is_given(self.has_settings):
            bare = Q(settings={}, secrets={})
            rows = rows.exclude(bare) if self.has_settings else rows.filter(bare)
        if _is_given(self.health):
            rows = rows.filter(_was_checked(_values(self.health) or ()))
        return rows


@strawberry.input(
    description=(
        "`platform`: true for rows of no customer, false for customers' rows; "
        "`createdFrom` is inclusive, `createdUntil` is not."
    )
)
class PluginAuditLogFilter:
    customer: list[str] | None = UNSET
    plugin: list[str] | None = UNSET
    actor: list[str] | None = UNSET
    action: list[str] | None = UNSET
    outcome: list[AuditOutcome] | None = UNSET
    error_code: list[str] | None = UNSET
    request_id: str | None = UNSET
    platform: bool | None = UNSET
    created_from: datetime | None = UNSET
    created_until: datetime | None = UNSET
    search: str | None = strawberry.field(
        default=UNSET,
        description=(
            "A case-insensitive part of a name, the version, action, code, request or reason, or of what changed; "
            "a page looks through 50,000 positions, and more are left while it has a next one."
        ),
    )

    @property
    def searches(self) -> bool:
        """Whether rows have to be read to find out if they fit, since no index knows."""
        return bool(_is_given(self.search) and self.search)

    def apply(
        self, rows: QuerySet[PluginAuditLog], *, cursors: Mapping[str, Any] | None = None
    ) -> QuerySet[PluginAuditLog]:
        """The rows that fit, but for the search; `cursors` are the page's `after` and `before`."""
        rows = _apply(
            _of_customers(rows, self.customer),
            plugin_name__in=self.plugin,
            actor_name__in=self.actor,
            action__in=self.action,
            outcome__in=_values(self.outcome),
            error_code__in=self.error_code,
            request_id=self.request_id,
            customer_id__isnull=self.platform,
        )
        start, until = (instant or None for instant in (self.created_from, self.created_until))
        given = [name for name, cursor in (cursors or {}).items() if cursor]
        return created_between(rows, start, until, cursors=given)

    def find(self, rows: QuerySet[PluginAuditLog]) -> QuerySet[PluginAuditLog]:
        """Those of the rows in which the searched text is."""
        return containing(rows, str(self.search)) if self.searches else rows


def availability_is(values: Iterable[str]) -> Q:
    """Configs whose availability is one of these: their own, or else the plugin's."""
    return Q(availability__in=values) | Q(availability="", plugin__availability__in=values)


def _apply(rows: QuerySet[Any], **conditions: Any) -> QuerySet[Any]:
    return rows.filter(**{path: value for path, value in conditions.items() if _is_given(value)})


def _is_given(value: object) -> bool:
    return value is not None and value is not UNSET


def _values(items: Any) -> list[str] | None:
    """The stored values of enum members; None where the filter was not given."""
    return [item.value for item in items] if _is_given(items) else None


def _of_customers(rows: QuerySet[PluginAuditLog], slugs: Any) -> QuerySet[PluginAuditLog]:
    """By id, since that is what the index has; of one customer by equality, so that SQLite need not sort its rows."""
    if not _is_given(slugs):
        return rows
    wanted = Customer.objects.filter(slug__in=slugs).values("pk")
    return rows.filter(customer_id=Subquery(wanted[:1])) if len(slugs) == 1 else rows.filter(customer_id__in=wanted)


def _was_checked(statuses: list[str] | tuple[()]) -> Q:
    results = PluginHealth.objects.filter(plugin=OuterRef("plugin"), customer=OuterRef("customer"))
    return Q(Exists(results.filter(is_latest=True, status__in=statuses)))
