"""What the checks of a plugin said, for the platform or for one customer: to whoever may see the last one."""

from __future__ import annotations

from webnet.api import orders
from webnet.api.connections import Listing, Page
from webnet.api.context import Info
from webnet.api.pages import Arguments, open_nested_page, open_page
from webnet.api.reading import Reading
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth


def of_plugin(info: Info, plugin: PluginConfig, arguments: Arguments) -> Page[PluginHealth] | None:
    """The checks for the platform; None to those who are no operators of it."""
    reading = info.context.reading
    if not reading.actor.is_platform_operator:
        return None
    reading.meet_plugins([plugin])
    return open_nested_page(
        info,
        parent=["plugin_id"],
        key=(plugin.pk,),
        among=[(row.pk,) for row in reading.plugins_met.values()],
        arguments=arguments,
        make_listing=lambda: _listing(is_platform=True),
    )


def of_config(info: Info, config: CustomerPluginConfig, arguments: Arguments) -> Page[PluginHealth]:
    """The checks for the customer."""
    reading = info.context.reading
    reading.meet_plugins([config.plugin])
    if reading.find_health(config.plugin, customer_id=config.customer_id) is None:
        nothing = Listing(rows=PluginHealth.objects.none(), ordering=orders.HEALTH_HISTORY)
        return open_page(info, nothing, arguments)
    return open_nested_page(
        info,
        parent=["customer_id", "plugin_id"],
        key=(config.customer_id, config.plugin_id),
        among=_checked_pairs(reading),
        arguments=arguments,
        make_listing=lambda: _listing(is_platform=False),
    )


def _checked_pairs(reading: Reading) -> list[tuple[int, int]]:
    """(customer, plugin) of those met that were ever checked."""
    plugins = reading.plugins_met.values()
    pairs = ((customer.pk, plugin) for customer in reading.customers.known() for plugin in plugins)
    return [(pk, plugin.pk) for pk, plugin in pairs if reading.find_health(plugin, customer_id=pk) is not None]


def _listing(*, is_platform: bool) -> Listing[PluginHealth]:
    rows = PluginHealth.objects.filter(customer__isnull=is_platform)
    return Listing(rows=rows, ordering=orders.HEALTH_HISTORY)
