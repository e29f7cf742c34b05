"""PluginBase, which every plugin extends, and the classes that its declarations consist of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from webnet.plugins.declarations import (
    DashboardWidget,
    Dependency,
    ExternalHost,
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
    "ExternalHost",
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
    """Base class of every plugin; extend it as `class Plugin(PluginBase)` in the `plugin.py` of your package.

    Only `name` and `version` are required. Declarations are called once, when the plugin is loaded; they may return the
    dataclasses of this module or equivalent dicts. A hook may omit its arguments.
    """

    name: str = ""
    verbose_name: str = ""
    version: str = ""
    author: str = ""
    description: str = ""
    licence: str = ""
    icon: str = ""
    keywords: Sequence[str] = ()
    homepage: str = ""
    documentation: str = ""
    support: str = ""
    changelog: str = ""
    upgrade_notes: Mapping[str, str] = MappingProxyType({})
    webnet_version: str = ""
    dependencies: Sequence[str | Dependency] = ()

    # Declarations

    def get_models(self) -> Sequence[type] | None:
        """The models of the plugin; None leaves them to Django's discovery."""
        return None

    def get_graphql_schema(self) -> GraphQLExtension | Mapping[str, Any] | None:
        """What the plugin adds to the GraphQL schema."""
        return None

    def get_ui_views(self) -> Sequence[UIView | Mapping[str, Any]]:
        """The plugin's pages."""
        return ()

    def get_navigation_items(self) -> Sequence[NavigationItem | Mapping[str, Any]]:
        """The plugin's entries in the menu."""
        return ()

    def get_dashboard_widgets(self) -> Sequence[DashboardWidget | Mapping[str, Any]]:
        """The plugin's widgets on the dashboard."""
        return ()

    def get_settings_schema(self) -> Mapping[str, Any] | None:
        """The settings of the plugin: a JSON Schema (draft 2020-12) of an object."""
        return None

    def get_permissions(self) -> Sequence[Permission | Mapping[str, Any]]:
        """What members may do with the plugin, in addition to what their role allows anyway."""
        return ()

    def get_external_hosts(self) -> Sequence[ExternalHost | Mapping[str, Any]]:
        """The machines that the plugin's code talks to, so that those who enable the plugin know; not enforced."""
        return ()

    # Hooks, by process

    def on_load(self) -> None:
        """Called once in every process, after the declarations; if it raises, the plugin has failed in that process."""

    def on_unload(self) -> None:
        """Called when the process ends."""

    # Hooks, by change

    def on_enable(self, context: HookContext) -> None:
        """Called in the transaction that enables the plugin: database work only; an exception prevents the change."""

    def on_disable(self, context: HookContext) -> None:
        """Called in the transaction that disables the plugin: database work only; an exception prevents the change."""

    def after_enable(self, context: HookContext) -> None:
        """Runs after the commit, at least once: the place for network work."""

    def after_disable(self, context: HookContext) -> None:
        """Runs after the commit, at least once: the place for network work."""

    def on_upgrade(self, from_version: str) -> None:
        """Called when a sync finds a newer version than the previous sync."""

    def migrate_settings(
        self,
        from_version: str,  # noqa: ARG002 - used by overriding methods
        settings: dict[str, Any],
    ) -> Mapping[str, Any]:
        """Convert one layer of settings from an older version to this one."""
        return settings

    def health_check(
        self,
        context: HookContext,  # noqa: ARG002 - used by overriding methods
    ) -> HealthReport | Mapping[str, Any] | bool | None:
        """The health of the plugin; None means healthy, and an exception means unhealthy."""
        return None


# The hooks, and the number of arguments that each is called with.
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


def overrides(plugin: PluginBase, hook: str) -> bool:
    """Whether the plugin defines the hook itself; those of `PluginBase` do nothing."""
    return getattr(getattr(plugin, hook), "__func__", None) is not getattr(PluginBase, hook)


def call_hook(plugin: PluginBase, hook: str, *arguments: object) -> Any:
    """Call a plugin's hook with as many of the arguments as it takes; exceptions are not caught."""
    return call_with(getattr(plugin, hook), *arguments)


def call_with(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function with as many of the arguments, from the left, as it takes."""
    count = count_taken(function, len(arguments))
    return function(*arguments[:count])


def count_taken(function: Callable[..., Any], offered: int) -> int | None:
    """How many of the offered positional arguments the function takes; None if it can't be called with any number."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some callables written in C have no signature.
        return offered
    return next((count for count in range(offered, -1, -1) if _binds(signature, count)), None)


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
