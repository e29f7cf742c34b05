"""The navigation, dashboard widgets and permissions that a viewer sees.

They are those of effective plugins only, without entries whose permission the viewer lacks. Both the API and the
console use this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse

from webnet.api.request.reader import Reading
from webnet.api.resolvers import widgets
from webnet.api.values.contributions import DashboardWidget, NavigationItem
from webnet.customers.models import Customer
from webnet.errors import CustomerRequired
from webnet.plugins import declarations
from webnet.plugins.gate.permissions import declared_by, permissions_of
from webnet.plugins.kernel.manifest import Manifest
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import registry


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a viewer has at one place, a customer or the platform: the effective plugins, and permissions."""

    plugins: frozenset[str]
    permissions: frozenset[str]

    def shows(self, plugin: str, item: declarations.NavigationItem | declarations.DashboardWidget) -> bool:
        return plugin in self.plugins and (not item.permission or item.permission in self.permissions)


def permissions(reading: Reading, customer: Customer) -> list[str]:
    """The codenames of the viewer's permissions for the customer, sorted."""
    return sorted(permissions_of(reading.actor, customer, state=reading.state_of(customer)))


def navigation_items(reading: Reading) -> list[NavigationItem]:
    """The items in order; on the platform's view, those of all the viewer's customers together.

    There, an item that links to a page of its plugin is shown only for the viewer's only customer, or their default.
    """
    places = _places(reading)
    home = reading.find_own_customer()
    at_home = _place_of(reading, home) if home is not None else None
    items = [
        show_item(item, row, manifest, customer=home, url=address)
        for row, manifest in _effective(reading, places)
        for item in manifest.navigation_items
        if any(place.shows(row.name, item) for place in places)
        and (item.is_absolute or (at_home is not None and at_home.shows(row.name, item)))
        and (address := find_address(item, row.name, home)) is not None
    ]
    return sorted(items, key=lambda item: (item.order, item.label, item.plugin.name))


def dashboard_widgets(reading: Reading) -> list[DashboardWidget]:
    """The widgets in order, rendered for the view's customer, or for the platform if a platform operator looks at it.

    Raises CustomerRequired on the platform's view of somebody with several customers and no default.
    """
    customer = reading.find_own_customer()
    if customer is None and not reading.actor.is_platform_operator:
        raise CustomerRequired
    places = _places(reading) if customer is None else [_place_of(reading, customer)]
    wanted = [
        (row, widget)
        for row, manifest in _effective(reading, places)
        for widget in manifest.dashboard_widgets
        if any(place.shows(row.name, widget) for place in places)
    ]
    return widgets.render(reading, customer, wanted)


def show_item(
    item: declarations.NavigationItem, plugin: PluginConfig, manifest: Manifest, *, customer: Customer | None, url: str
) -> NavigationItem:
    """The item with its id, which is another one for each customer to whose page it leads."""
    place = customer.slug if customer is not None and not item.is_absolute else ""
    same = [each for each in manifest.navigation_items if each.url == item.url]
    return NavigationItem(
        key=f"{place}/{plugin.name}/{same.index(item)}/{item.url}",
        plugin=plugin,
        label=item.label,
        url=url,
        icon=item.icon or None,
        order=item.order,
    )


def find_address(item: declarations.NavigationItem, plugin: str, customer: Customer | None) -> str | None:
    """The item's address: its own, or that of its plugin's page for the customer; None without a customer."""
    if item.is_absolute:
        return item.url
    return page_address(customer, plugin) + item.url if customer is not None else None


def page_address(customer: Customer, plugin: str) -> str:
    """The address below which the plugin's pages for the customer are."""
    return reverse("plugin-pages", kwargs={"customer": customer.slug, "plugin": plugin})


def _places(reading: Reading) -> list[Place]:
    if reading.view is not None:
        return [_place_of(reading, reading.view)]
    if reading.actor.is_platform_operator:
        plugins = reading.effective_plugins
        everything = (f"{name}.{permission.name}" for name in plugins for permission in declared_by(name))
        return [Place(plugins=plugins, permissions=frozenset(everything))]
    return [_place_of(reading, customer) for customer in reading.all_customers()]


def _effective(reading: Reading, places: Iterable[Place]) -> Iterator[tuple[PluginConfig, Manifest]]:
    """The plugins that are effective at one of the places, with their manifests."""
    for name in sorted(frozenset().union(*(place.plugins for place in places))):
        manifest = registry.find_manifest(name)
        if manifest is not None:
            yield reading.platform.plugins[name], manifest


def _place_of(reading: Reading, customer: Customer) -> Place:
    state = reading.state_of(customer)
    return Place(plugins=state.effective, permissions=permissions_of(reading.actor, customer, state=state))
