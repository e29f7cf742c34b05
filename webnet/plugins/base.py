"""PluginBase, which every plugin extends, and all that its declarations are made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from webnet.plugins.declarations import (
    DashboardWidget,
    Dependency,
    GraphQLExtension,
    HealthReport,
    HookContext,
    NavigationItem,
    Permission,
    UIView,
)

__all__ = [
    "DashboardWidget",
    "Dependency",
    "GraphQLExtension",
    "HealthReport",
    "HookContext",
    "NavigationItem",
    "Permission",
    "PluginBase",
    "UIView",
    "call_hook",
    "call_with",
]


class PluginBase:
    """What webnet knows of a plugin; extend it as `class Plugin(PluginBase)` in the `plugin.py` of your package.

    Only `name` and `version` are required. A declaration is called once, when the plugin loads; it may return the
    dataclasses of this module or equal dicts. A hook may leave out its arguments.
    """

    name: str = ""
    verbose_name: str = ""
    version: str = ""
    author: str = ""
    description: str = ""
    homepage: str = ""
    webnet_version: str = ""
    dependencies: Sequence[str | Dependency] = ()

    # Declarations

    def get_models(self) -> Sequence[type] | None:
        """The models that belong to the plugin; None leaves it to Django's own discovery."""
        return None

    def get_graphql_schema(self) -> GraphQLExtension | Mapping[str, Any] | None:
        """What the plugin adds to the GraphQL schema."""
        return None

    def get_ui_views(self) -> Sequence[UIView | Mapping[str, Any]]:
        """The plugin's pages."""
        return ()

    def get_navigation_items(self) -> Sequence[NavigationItem | Mapping[str, Any]]:
        """The plugin's entries of the menu."""
        return ()

    def get_dashboard_widgets(self) -> Sequence[DashboardWidget | Mapping[str, Any]]:
        """The plugin's widgets of the dashboard."""
        return ()

    def get_settings_schema(self) -> Mapping[str, Any] | None:
        """What can be set: a JSON Schema (draft 2020-12) of an object."""
        return None

    def get_permissions(self) -> Sequence[Permission | Mapping[str, Any]]:
        """What members may do with the plugin, besides what their role lets them do anyway."""
        return ()

    # Hooks, by process

    def on_load(self) -> None:
        """Runs once in every process, when the plugin was read; if it raises, the plugin has failed there."""

    def on_unload(self) -> None:
        """Runs when a process is done with the plugin."""

    # Hooks, by change

    def on_enable(self, context: HookContext) -> None:
        """Runs inside the transaction that enables the plugin: database work only; raising refuses the change."""

    def on_disable(self, context: HookContext) -> None:
        """Runs inside the transaction that disables the plugin: database work only; raising refuses the change."""

    def after_enable(self, context: HookContext) -> None:
        """Runs after the commit, at least once: the place for network work."""

    def after_disable(self, context: HookContext) -> None:
        """Runs after the commit, at least once: the place for network work."""

    def on_upgrade(self, from_version: str) -> None:
        """Runs when a sync finds a newer version than the one it saw last."""

    def migrate_settings(
        self,
        from_version: str,  # noqa: ARG002 - for those who override it
        settings: dict[str, Any],
    ) -> Mapping[str, Any]:
        """One layer's settings of an older version, as this version wants them."""
        return settings

    def health_check(
        self,
        context: HookContext,  # noqa: ARG002 - for those who override it
    ) -> HealthReport | Mapping[str, Any] | bool | None:
        """How the plugin is; None means healthy, and raising means unhealthy."""
        return None


# The hooks, and how many arguments each is offered.
HOOKS = {
    "on_load": 0,
    "on_unload": 0,
    "on_enable": 1,
    "on_disable": 1,
    "after_enable": 1,
    "after_disable": 1,
    "on_upgrade": 1,
    "migrate_settings": 2,
    "health_check": 1,
}


def call_hook(plugin: PluginBase, hook: str, *arguments: object) -> Any:
    """Calls a plugin's hook, without the arguments that it was written without; what it raises comes through."""
    return call_with(getattr(plugin, hook), *arguments)


def call_with(function: Callable[..., Any], *arguments: object) -> Any:
    """Calls with as many of the arguments, from the left, as the function takes."""
    count = count_taken(function, len(arguments))
    return function(*arguments[:count])


def count_taken(function: Callable[..., Any], offered: int) -> int | None:
    """How many of the offered positional arguments the function takes; None where no number of them would do."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some callables written in C have none.
        return offered
    return next((count for count in range(offered, -1, -1) if _binds(signature, count)), None)


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
