"""The filters of lists: fields are joined by AND, items of one list by OR; what is missing or null does not filter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from webnet.api.declarations.connections import filter_type, is_given, lookup, plain
from webnet.api.paging.pages import PageArguments
from webnet.api.request.reader import Reading
from webnet.api.vocabulary.enums import AuditOutcome, Availability, HealthStatus, PluginStatus
from webnet.audit.models import PluginAuditLog
from webnet.audit.search import containing, created_between
from webnet.customers.models import Customer
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.health.problems import HAS_PROBLEM
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth


@filter_type
class CustomerFilter:
    """Which customers. Fields are joined by AND, the items of one list by OR; what is left out or null does not
    filter.

    Attributes:
        slug: These slugs.
        search: A part of the slug or the name, in upper or lower case.
        is_active: Only active ones, or only others.
        with_effective_plugin: The name of a plugin that is effective for them.
        without_effective_plugin: The name of a plugin that is not effective for them.
        with_problem_of: The name of a plugin that is paused for them, or of which their settings no longer fit; nothing
            for viewers who are not platform operators.
    """

    slug: list[str] | None
    search: str | None = lookup("slug__icontains", "name__icontains")
    is_active: bool | None
    with_effective_plugin: str | None = lookup()
    without_effective_plugin: str | None = lookup()
    with_problem_of: str | None = lookup()

    def apply(self, rows: QuerySet[Customer], reading: Reading) -> QuerySet[Customer]:
        if self.with_effective_plugin:
            rows = rows.filter(pk__in=effective_customers(self.with_effective_plugin, reading.platform).values("pk"))
        if self.without_effective_plugin:
            effective = effective_customers(self.without_effective_plugin, reading.platform)
            rows = rows.exclude(pk__in=effective.values("pk"))
        if self.with_problem_of:
            if not reading.actor.is_platform_operator:  # others don't see what is not theirs to choose
                return rows.none()
            configs = CustomerPluginConfig.objects.filter(HAS_PROBLEM, plugin__name=self.with_problem_of)
            rows = rows.filter(pk__in=configs.values("customer"))
        return rows


@filter_type
class UserFilter:
    """Which users. Fields are joined by AND, the items of one list by OR; what is left out or null does not filter.

    Attributes:
        username: These usernames.
        search: A part of the username, the name or the email address, in upper or lower case.
        is_active: Only those who may sign in, or only others.
    """

    username: list[str] | None
    search: str | None = lookup("username__icontains", "name__icontains", "email__icontains")
    is_active: bool | None


@filter_type
class PluginFilter:
    """Which plugins. Fields are joined by AND, the items of one list by OR; what is left out or null does not
    filter.

    Attributes:
        name: These names.
        search: A part of the name, the verbose name or the description, in upper or lower case.
        status: These statuses.
        enabled: Only those that are enabled for everybody, or only others.
        availability: These availabilities.
        health: These results of the platform's last check; nothing for viewers who are not platform operators.
        author: These authors.
    """

    name: list[str] | None
    search: str | None = lookup("name__icontains", "verbose_name__icontains", "description__icontains")
    status: list[PluginStatus] | None
    enabled: bool | None
    availability: list[Availability] | None
    health: list[HealthStatus] | None = lookup()
    author: list[str] | None

    def apply(self, rows: QuerySet[PluginConfig], reading: Reading) -> QuerySet[PluginConfig]:
        if not is_given(self.health):
            return rows
        if not reading.actor.is_platform_operator:  # others don't see the platform's health
            return rows.none()
        checked = PluginHealth.objects.filter(customer=None, is_latest=True, status__in=plain(self.health))
        return rows.filter(pk__in=checked.values("plugin"))


@filter_type
class CustomerPluginConfigFilter:
    """Which configs. Fields are joined by AND, the items of one list by OR; what is left out or null does not
    filter.

    Attributes:
        customer: The slugs of their customers.
        plugin: The names of their plugins.
        search: A part of the plugin's name, verbose name or description, in upper or lower case.
        enabled: The customer's own choice.
        availability: These availabilities, as the customer has them.
        has_settings: Whether the customer overrides any setting.
        health: These results of the customer's last check.
    """

    customer: list[str] | None = lookup("customer__slug")
    plugin: list[str] | None = lookup("plugin__name")
    search: str | None = lookup(
        "plugin__name__icontains", "plugin__verbose_name__icontains", "plugin__description__icontains"
    )
    enabled: bool | None
    availability: list[Availability] | None = lookup()
    has_settings: bool | None = lookup()
    health: list[HealthStatus] | None = lookup()

    def apply(self, rows: QuerySet[CustomerPluginConfig]) -> QuerySet[CustomerPluginConfig]:
        if is_given(self.availability):
            rows = rows.filter(availability_is(plain(self.availability)))
        if is_given(self.has_settings):
            bare = Q(settings={}, secrets={})
            rows = rows.exclude(bare) if self.has_settings else rows.filter(bare)
        if is_given(self.health):
            checks = PluginHealth.objects.filter(plugin=OuterRef("plugin"), customer=OuterRef("customer"))
            rows = rows.filter(Exists(checks.filter(is_latest=True, status__in=plain(self.health))))
        return rows

    def matches(self, config: CustomerPluginConfig, reading: Reading) -> bool:
        """The same for a config that need not be stored; what costs a statement comes last."""
        plugin = config.plugin
        if is_given(self.customer) and config.customer.slug not in (self.customer or ()):
            return False
        if is_given(self.plugin) and plugin.name not in (self.plugin or ()):
            return False
        if self.search and not any(
            self.search.casefold() in text.casefold() for text in (plugin.name, plugin.verbose_name, plugin.description)
        ):
            return False
        if is_given(self.enabled) and config.enabled is not self.enabled:
            return False
        if is_given(self.availability) and (config.availability or plugin.availability) not in plain(self.availability):
            return False
        if is_given(self.has_settings) and config.overrides is not self.has_settings:
            return False
        if not is_given(self.health):
            return True
        health = reading.find_health(plugin, customer_id=config.customer_id)
        return health is not None and health.status in plain(self.health)


@filter_type
class PluginAuditLogFilter:
    """Which rows. Fields are joined by AND, the items of one list by OR; what is left out or null does not filter.

    Attributes:
        customer: The slugs of their customers.
        plugin: The names of their plugins.
        actor: The names of who did it.
        action: These actions.
        outcome: These outcomes.
        error_code: These codes.
        request_id: This request.
        platform: True for the platform's rows only, false for customers' rows only.
        created_from: Rows from this time on, inclusive.
        created_until: Rows before this time.
    """

    customer: list[str] | None = lookup()
    plugin: list[str] | None = lookup("plugin_name")
    actor: list[str] | None = lookup("actor_name")
    action: list[str] | None
    outcome: list[AuditOutcome] | None
    error_code: list[str] | None
    request_id: str | None
    platform: bool | None = lookup("customer_id__isnull")
    created_from: datetime | None = lookup()
    created_until: datetime | None = lookup()
    search: str | None = lookup(
        description=(
            "A case-insensitive part of a name, the version, action, code, request or reason, or of what changed; "
            "a page searches 50,000 of the rows that you may read; while it has a next page, there are more to search. "
            "So does one with several of the other fields."
        ),
    )

    @property
    def conditions(self) -> int:
        """How many conditions on columns have an index of their own, but none together with others."""
        columns = ("customer", "plugin", "actor", "action", "outcome", "error_code", "request_id", "platform")
        return sum(is_given(getattr(self, column)) for column in columns)

    def find_indexed(self) -> list[Q]:
        """The conditions whose rows an index has in the order of positions; the one that matches fewest often first."""
        single = [
            Q(**{path: plain(values)[0] if isinstance(values, list) else values})
            for path, values in (
                ("request_id", self.request_id),
                ("error_code", self.error_code),
                ("actor_name", self.actor),
                ("plugin_name", self.plugin),
                ("action", self.action),
                ("customer_id__isnull", self.platform or None),
                ("outcome", self.outcome),
            )
            if is_given(values) and (not isinstance(values, list) or len(values) == 1)
        ]
        if not is_given(self.customer) or len(self.customer or ()) != 1:
            return single
        # Its id and no subquery: PostgreSQL would take every customer to have equally many rows.
        found = _ids_of(self.customer).values_list("pk", flat=True).first()
        return [Q(customer_id=-1 if found is None else found), *single]

    @property
    def searches(self) -> bool:
        """Whether rows have to be read to find those that match, since no index can be used."""
        return bool(self.search)

    def apply(
        self,
        rows: QuerySet[PluginAuditLog],
        arguments: PageArguments | None = None,
        has_range: bool = False,  # noqa: FBT001, FBT002 - `narrow` passes it on
    ) -> QuerySet[PluginAuditLog]:
        """The rows that match, without the search; `arguments` are those of the requested page.

        `has_range` is whether pages have one, and so a bound of their own on either side, as one with a cursor has.
        """
        rows = _of_customers(rows, self.customer, is_hidden=has_range)
        cursors = [name for name in ("after", "before") if has_range or getattr(arguments, name, None)]
        return created_between(rows, self.created_from or None, self.created_until or None, cursors=cursors)

    def find(self, rows: QuerySet[PluginAuditLog]) -> QuerySet[PluginAuditLog]:
        """The rows that contain the searched text."""
        return containing(rows, str(self.search)) if self.searches else rows


def availability_is(values: Iterable[str]) -> Q:
    """Configs whose availability is one of these: their own, or else the plugin's."""
    return Q(availability__in=values) | Q(availability="", plugin__availability__in=values)


def _ids_of(slugs: Any) -> QuerySet[Customer, Any]:
    return Customer.objects.filter(slug__in=slugs).values("pk")


def _of_customers(rows: QuerySet[PluginAuditLog], slugs: Any, *, is_hidden: bool = False) -> QuerySet[PluginAuditLog]:
    """By id, as in the index; for one customer by equality, so that SQLite need not sort the rows.

    With `is_hidden` no index is used, which could lead to more rows than the range of the page has.
    """
    if not is_given(slugs):
        return rows
    wanted = _ids_of(slugs)
    if is_hidden:
        return rows.alias(unindexed_customer=F("customer_id") + 0).filter(unindexed_customer__in=wanted)
    return rows.filter(customer_id=Subquery(wanted[:1])) if len(slugs) == 1 else rows.filter(customer_id__in=wanted)
