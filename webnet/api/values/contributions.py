"""What a plugin adds while it is effective."""

from __future__ import annotations

import strawberry

from webnet.api.values.permissions import PluginPermission
from webnet.api.values.surfaces import NavigationItem


@strawberry.type(description="What a plugin adds while it is effective, by name.")
class PluginContributions:
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
