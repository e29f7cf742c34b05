"""What effective plugins put before people: menu entries, widgets and permissions, behind the gate."""

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
    """What the viewer finds in one place, a customer or the platform: effective plugins, and what they may do there."""

    plugins: frozenset[str]
    permissions: frozenset[str]

    def shows(self, plugin: str, item: declarations.NavigationItem | declarations.DashboardWidget) -> bool:
        return plugin in self.plugins and (not item.permission or item.permission in self.permissions)


def permissions(reading: Reading, customer: Customer) -> list[str]:
    """The codenames of what the viewer may do there, by name."""
    return sorted(permissions_of(reading.actor, customer, state=reading.state_of(customer)))


def navigation_items(reading: Reading) -> list[NavigationItem]:
    """The menu in order: of all customers together on the platform's view.

    There, an item that leads to a page of its plugin needs the viewer's customer to be the only one.
    """
    places = _places(reading)
    home = _find_home(reading)
    items = [
        NavigationItem(plugin=row, label=item.label, url=address, icon=item.icon or None, order=item.order)
        for row, manifest in _effective(reading, places)
        for item in manifest.navigation_items
        if any(place.shows(row.name, item) for place in places)
        and (address := find_address(item, row.name, home)) is not None
    ]
    return sorted(items, key=lambda item: (item.order, item.label, item.plugin.name))


def dashboard_widgets(reading: Reading) -> list[DashboardWidget]:
    """The widgets in order, each drawn for the one customer; for the platform, where its operator looks.

    Raises CustomerRequired on the platform's view of somebody with several customers.
    """
    customer = _find_only_customer(reading)
    places = _places(reading) if customer is None else [_place_of(reading, customer)]
    wanted = [
        (row, widget)
        for row, manifest in _effective(reading, places)
        for widget in manifest.dashboard_widgets
        if any(place.shows(row.name, widget) for place in places)
    ]
    return widgets.draw(reading, customer, wanted)


def find_address(item: declarations.NavigationItem, plugin: str, customer: Customer | None) -> str | None:
    """Where the item leads: an address of its own, or a page of its plugin for the customer; None without one."""
    if item.is_absolute:
        return item.url
    return page_address(customer, plugin) + item.url if customer is not None else None


def page_address(customer: Customer, plugin: str) -> str:
    """Where the plugin's own pages begin, for the customer."""
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
    """The plugins that are effective in one of the places, with all that they declare."""
    for name in sorted(frozenset().union(*(place.plugins for place in places))):
        manifest = registry.find_manifest(name)
        if manifest is not None:
            yield reading.platform.plugins[name], manifest


def _place_of(reading: Reading, customer: Customer) -> Place:
    state = reading.state_of(customer)
    return Place(plugins=state.effective, permissions=permissions_of(reading.actor, customer, state=state))


def _find_home(reading: Reading) -> Customer | None:
    """The customer whose pages the viewer means: the view's, or else the only one."""
    if reading.view is not None or reading.actor.is_platform_operator:
        return reading.view
    customers = reading.customers.known()
    return customers[0] if len(customers) == 1 else None


def _find_only_customer(reading: Reading) -> Customer | None:
    if reading.view is not None or reading.actor.is_platform_operator:
        return reading.view
    customers = reading.all_customers()
    if len(customers) != 1:
        raise CustomerRequired
    return customers[0]
