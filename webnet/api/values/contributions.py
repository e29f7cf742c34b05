"""What a plugin adds while it is effective."""

from __future__ import annotations

from webnet.api.declarations.fields import object_type
from webnet.api.values.permissions import PluginPermission
from webnet.api.values.surfaces import NavigationItem


@object_type
class PluginContributions:
    """What a plugin adds while it is effective, by name."""

    models: list[str]
    types: list[str]
    extended_types: list[str]
    queries: list[str]
    mutations: list[str]
    subscriptions: list[str]
    pages: list[str]
    navigation_items: list[NavigationItem]
    dashboard_widgets: list[str]
    permissions: list[PluginPermission]
