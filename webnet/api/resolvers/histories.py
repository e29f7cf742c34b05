"""A plugin's histories, for the platform or for one customer: changes of its settings, and results of health checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import product
from operator import attrgetter
from typing import TypeVar

from django.db.models import Model

from webnet.api.paging.batches import open_nested_page
from webnet.api.paging.pages import Listing, Page, PageArguments, open_page
from webnet.api.request.context import Info
from webnet.api.request.reader import Reading
from webnet.api.resolvers import orders
from webnet.api.resolvers.listings import announce_audit_logs, are_in, audit_listing
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Role
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth
from webnet.plugins.settings import history as settings_history

Row = TypeVar("Row", bound=Model)


def settings_of(
    info: Info, plugin: PluginConfig, config: CustomerPluginConfig | None, arguments: PageArguments
) -> Page[PluginAuditLog] | None:
    """The changes of the global layer, for platform operators only, or of a customer's, for operators there."""
    reading = info.context.reading
    if not (reading.actor.is_platform_operator if config is None else reading.has_role(Role.OPERATOR, config.customer)):
        return None

    def was_changed(customer: Customer, plugin: PluginConfig) -> bool:
        row = reading.state_of(customer).rows.get(plugin.name) if reading.has_role(Role.OPERATOR, customer) else None
        return row is not None and row.settings_revision > 0

    rows = settings_history.changes(is_global=config is None).defer("text")
    changes = audit_listing(info.context, rows, arguments)
    return _open(info, plugin, config, arguments, column="plugin_name", listing=changes, has_any=was_changed)


def find_settings_changes(reading: Reading, sequences: Mapping[str, Collection[int]]) -> list[PluginAuditLog]:
    """Those changes with these places in each chain that the viewer may see in a history."""
    if not sequences:
        return []
    rows = settings_history.changes(is_global=True) | settings_history.changes(is_global=False)
    found = list(rows.defer("text").filter(are_in(sequences)))
    announce_audit_logs(reading, found)
    return [row for row in found if _sees(reading, row.plugin_name, row.customer_id, role=Role.OPERATOR)]


def find_health(reading: Reading, pks: Collection[int]) -> list[PluginHealth]:
    """Those checks with these primary keys that the viewer may see in a history."""
    found = list(PluginHealth.objects.filter(pk__in=pks)) if pks else []
    reading.announce_customers(row.customer_id for row in found if row.customer_id is not None)
    names = {row.pk: name for name, row in reading.platform.plugins.items()}
    return [row for row in found if _sees(reading, names.get(row.plugin_id, ""), row.customer_id, role=Role.VIEWER)]


def _sees(reading: Reading, plugin: str, customer_id: int | None, *, role: Role) -> bool:
    """Whether the viewer may see the history of the plugin for a customer; for the platform, only its operators may."""
    row = reading.platform.plugins.get(plugin)
    if row is None or customer_id is None:
        return row is not None and reading.actor.is_platform_operator
    customer = reading.customers.get(customer_id)
    return customer is not None and reading.has_role(role, customer) and reading.sees_plugin(row, customer)


def health_of_plugin(info: Info, plugin: PluginConfig, arguments: PageArguments) -> Page[PluginHealth] | None:
    """The checks for the platform; None for viewers who are not platform operators."""
    is_operator = info.context.reading.actor.is_platform_operator
    return _open_health(info, plugin, None, arguments) if is_operator else None


def health_of_config(info: Info, config: CustomerPluginConfig, arguments: PageArguments) -> Page[PluginHealth]:
    """The checks for the customer."""
    return _open_health(info, config.plugin, config, arguments)


def _open_health(
    info: Info, plugin: PluginConfig, config: CustomerPluginConfig | None, arguments: PageArguments
) -> Page[PluginHealth]:
    reading = info.context.reading

    def was_checked(customer: Customer, plugin: PluginConfig) -> bool:
        return reading.find_health(plugin, customer_id=customer.pk) is not None

    checks = Listing(rows=PluginHealth.objects.all(), ordering=orders.HEALTH_HISTORY)
    return _open(info, plugin, config, arguments, column="plugin_id", listing=checks, has_any=was_checked)


def _open(
    info: Info,
    plugin: PluginConfig,
    config: CustomerPluginConfig | None,
    arguments: PageArguments,
    *,
    column: str,
    listing: Listing[Row],
    has_any: Callable[[Customer, PluginConfig], bool],
) -> Page[Row]:
    """The page for one plugin and customer, read in one batch with the pages for all plugins that the request has read.

    `column` is the rows' column for the plugin. Most pairs have no history: `has_any` knows that without a query.
    """
    reading = info.context.reading
    reading.remember_plugins([plugin])
    plugin_key = attrgetter(column.removeprefix("plugin_"))
    if config is not None and not has_any(config.customer, plugin):
        return open_page(info, replace(listing, rows=listing.rows.none()), arguments)

    def among() -> list[tuple[int | None, object]]:
        plugins = reading.known_plugins.values()
        if config is None:
            return [(None, plugin_key(each)) for each in plugins]
        reading.customers.get(config.customer_id)  # reads all that were announced
        pairs = product(reading.customers.known(), plugins)
        return [(customer.pk, plugin_key(each)) for customer, each in pairs if has_any(customer, each)]

    return open_nested_page(
        info,
        parent=["customer_id", column],
        key=(config.customer_id if config is not None else None, plugin_key(plugin)),
        among=among,
        arguments=arguments,
        make_listing=lambda: listing,
    )
