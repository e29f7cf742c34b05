"""What effective plugins put before people: menu entries, widgets and permissions, behind the gate."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import nh3
import orjson

from webnet.api.reading import Reading
from webnet.api.types.surfaces import DashboardWidget, NavigationItem
from webnet.customers.models import Customer
from webnet.customers.roles import Role
from webnet.errors import CustomerRequired
from webnet.plugins import layers
from webnet.plugins.base import HookContext, call_with
from webnet.plugins.declarations import DashboardWidget as DeclaredWidget
from webnet.plugins.manifest import Manifest
from webnet.plugins.models import PluginConfig
from webnet.plugins.permissions import permissions_of
from webnet.plugins.registry import registry

logger = logging.getLogger(__name__)


def permissions(reading: Reading, customer: Customer) -> list[str]:
    """The codenames of what the viewer may do there, by name."""
    return sorted(permissions_of(reading.actor, customer, state=reading.state_of(customer)))


def navigation_items(reading: Reading) -> list[NavigationItem]:
    """The menu in order: of all customers together on the platform's view."""
    items = [
        NavigationItem(plugin=row, label=item.label, url=item.url, icon=item.icon or None, order=item.order)
        for row, manifest, granted in _effective_plugins(reading, _roles_by_plugin(reading))
        for item in manifest.navigation_items
        if not item.permission or item.permission in granted
    ]
    return sorted(items, key=lambda item: (item.order, item.label, item.plugin.name))


def dashboard_widgets(reading: Reading) -> list[DashboardWidget]:
    """The widgets in order, each drawn for the one customer; for the platform, where its operator looks.

    Raises CustomerRequired on the platform's view of somebody with several customers.
    """
    customer = _find_only_customer(reading)
    roles = _roles_by_plugin(reading) if customer is None else _roles_at(reading, customer)
    widgets = [
        _draw(reading, row, customer, widget)
        for row, manifest, granted in _effective_plugins(reading, roles)
        for widget in manifest.dashboard_widgets
        if not widget.permission or widget.permission in granted
    ]
    return sorted(widgets, key=lambda widget: (widget.order, widget.title, widget.plugin.name))


def _roles_by_plugin(reading: Reading) -> Mapping[str, Role]:
    """The viewer's highest role among the customers in view for whom the plugin is effective, by plugin."""
    if reading.view is not None:
        return _roles_at(reading, reading.view)
    if reading.actor.is_platform_operator:
        platform = reading.platform
        return {name: Role.ADMIN for name in platform.plugins if platform.needed_by(name) is not None}
    roles: dict[str, Role] = {}
    for customer in reading.all_customers():
        for name, role in _roles_at(reading, customer).items():
            roles[name] = max(role, roles.get(name, role), key=lambda each: each.rank)
    return roles


def _roles_at(reading: Reading, customer: Customer) -> Mapping[str, Role]:
    held = reading.role_in(customer)
    return dict.fromkeys(reading.state_of(customer).effective, held) if held is not None else {}


def _effective_plugins(
    reading: Reading, roles: Mapping[str, Role]
) -> Iterator[tuple[PluginConfig, Manifest, frozenset[str]]]:
    """(row, manifest, codenames granted) of each plugin in `roles`, by name."""
    for name in sorted(roles):
        manifest = _find_manifest(name)
        if manifest is not None:
            yield reading.platform.plugins[name], manifest, frozenset(_granted(name, roles[name]))


def _granted(plugin: str, role: Role | None) -> Iterator[str]:
    manifest = _find_manifest(plugin)
    for permission in manifest.permissions if manifest is not None and role is not None else ():
        if role is not None and role.includes(Role(permission.minimum_role)):
            yield f"{plugin}.{permission.name}"


def _find_manifest(plugin: str) -> Manifest | None:
    entry = registry.find(plugin)
    return entry.manifest if entry is not None and entry.status == "loaded" else None


def _find_only_customer(reading: Reading) -> Customer | None:
    if reading.view is not None or reading.actor.is_platform_operator:
        return reading.view
    customers = reading.all_customers()
    if len(customers) != 1:
        raise CustomerRequired
    return customers[0]


def _draw(reading: Reading, row: PluginConfig, customer: Customer | None, widget: DeclaredWidget) -> DashboardWidget:
    data, html, error = None, None, None
    try:  # plugin code: whatever it raises, isolate that widget and go on
        data, html = _call(reading, row, customer, widget)
    except Exception:
        logger.exception("Plugin '%s': its widget '%s' failed.", row.name, widget.name)
        error = f"The widget '{widget.name}' of '{row.name}' failed."
    return DashboardWidget(
        plugin=row, name=widget.name, title=widget.title, order=widget.order, data=data, html=html, error=error
    )


def _call(
    reading: Reading, row: PluginConfig, customer: Customer | None, widget: DeclaredWidget
) -> tuple[Any, str | None]:
    config = reading.state_of(customer).config(row.name) if customer is not None else None
    context = HookContext(customer=customer, actor=reading.actor, settings=layers.opened(row, config))
    # There and back, so that what is no JSON fails here and not in the answer as a whole.
    data = orjson.loads(orjson.dumps(call_with(widget.data, context))) if widget.data is not None else None
    html = nh3.clean(call_with(widget.html, context)) if widget.html is not None else None
    return data, html
