"""Throw-away plugins for the tests of the API."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from webnet.plugins.base import DashboardWidget, ExternalHost, HealthReport, NavigationItem, Permission, PluginBase

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "greeting": {"type": "string", "default": "Hello", "maxLength": 20},
        "limit": {"type": "integer", "default": 5, "minimum": 1, "x-webnet-scope": "platform"},
        "key": {"type": "string", "writeOnly": True},
    },
}


class Greeter(PluginBase):
    name = "greeter"
    verbose_name = "Greeter"
    version = "1.2.0"
    author = "Ada"
    description = "Says hello."
    licence = "MIT"
    icon = "greeter/icon.svg"
    keywords = ("greeting", "example")
    homepage = "https://example.com/greeter"
    documentation = "https://example.com/greeter/docs"
    support = "mailto:help@example.com"
    upgrade_notes = MappingProxyType({"1.1": "Nothing to do.", "1.2.0": "Choose a greeting first."})

    def get_settings_schema(self) -> dict[str, Any]:
        return SCHEMA

    def get_permissions(self) -> list[Permission]:
        return [
            Permission(name="greet", description="May greet.", minimum_role="viewer"),
            Permission(name="shout", description="May shout.", minimum_role="admin"),
        ]

    def get_navigation_items(self) -> list[NavigationItem]:
        return [
            NavigationItem(label="Greetings", url="/greetings/", icon="hand", order=20),
            NavigationItem(label="Shouting", url="/shouting/", order=10, permission="greeter.shout"),
        ]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        return [
            DashboardWidget(name="hello", title="Hello", order=2, data=lambda context: {"for": str(context.customer)}),
            DashboardWidget(name="page", title="Page", order=1, html=lambda: "<b>Hi</b><script>alert(1)</script>"),
            DashboardWidget(name="broken", title="Broken", order=3, data=lambda: {"not JSON": object()}),
        ]

    def get_external_hosts(self) -> list[ExternalHost]:
        return [ExternalHost(name="api.example.com:443", description="Translates greetings.")]

    def health_check(self, context: Any) -> HealthReport:
        return HealthReport(status="degraded", message="Hoarse.", details={"volume": 3})


class Inventory(PluginBase):
    name = "inventory"
    verbose_name = "Inventory"
    version = "1.0"
    author = "Grace"


class Map(PluginBase):
    name = "map"
    verbose_name = "A map"
    version = "0.5"
    dependencies = ("inventory>=1",)


class Refusing(PluginBase):
    name = "refusing"
    version = "1"

    def on_enable(self, context: Any) -> None:
        raise RuntimeError("not on a Monday")


def numbered(count: int) -> list[PluginBase]:
    """So many plugins without anything special."""
    return [type(f"Numbered{n}", (PluginBase,), {"name": f"plugin_{n:03}", "version": "1.0"})() for n in range(count)]
