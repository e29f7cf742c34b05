"""The plugin class, which webnet reads: metadata and declarations."""

from __future__ import annotations

from typing import Any

from reachability import __version__
from webnet.plugins.base import (
    DashboardWidget,
    ExternalHost,
    GraphQLExtension,
    HealthReport,
    HookContext,
    NavigationItem,
    Permission,
    PluginBase,
    UIView,
)

# This machine, link-local addresses (where clouds serve credentials), and addresses that are not of hosts.
BLOCKED_NETWORKS = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")


class Plugin(PluginBase):
    """Checks whether devices accept connections on a TCP port, or answer a health check over HTTPS."""

    name = "reachability"
    verbose_name = "Reachability"
    version = __version__
    author = "webnet contributors"
    description = "Checks whether each customer's devices accept connections on a TCP port."
    licence = "MIT"
    homepage = "https://example.com/webnet-plugins/reachability"
    webnet_version = ">=0.1,<1"
    dependencies = ("device_inventory>=1,<2",)

    def get_settings_schema(self) -> dict[str, Any]:
        """Customers choose what is checked, with secret tokens for hosts that need one; platform operators limit the
        load and the reachable networks.
        """
        platform = {"x-webnet-scope": "platform"}
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "port": {"title": "TCP port", "type": "integer", "minimum": 1, "maximum": 65_535, "default": 22},
                "protocol": {
                    "title": "Protocol",
                    "description": "tcp connects to the port; https also requests the path, and wants a status of 2xx.",
                    "type": "string",
                    "enum": ["tcp", "https"],
                    "default": "tcp",
                },
                "path": {
                    "title": "Path of the health check",
                    "type": "string",
                    "pattern": "^/[!-~]*$",
                    "maxLength": 200,
                    "default": "/",
                },
                "tokens": {
                    "title": "Tokens by host",
                    "description": "Bearer tokens for https, each sent only to the device's host that it is named by.",
                    "type": "object",
                    "maxProperties": 100,
                    "additionalProperties": {
                        "title": "Token",
                        "type": "string",
                        "pattern": "^[!-~]+$",
                        "maxLength": 4_096,
                        "writeOnly": True,
                    },
                },
                "timeout_seconds": _seconds("Timeout per device", default=2, maximum=10),
                "deadline_seconds": _seconds("Timeout for all devices", default=15, maximum=60) | platform,
                "maximum_at_once": {
                    "title": "Devices checked at the same time",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 100,
                    "default": 20,
                    **platform,
                },
                "blocked_networks": {
                    "title": "Blocked networks",
                    "type": "array",
                    "items": {"type": "string", "pattern": r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$"},
                    "default": list(BLOCKED_NETWORKS),
                    **platform,
                },
            },
        }

    def get_permissions(self) -> list[Permission]:
        """Permissions with the lowest role that has them by default."""
        return [
            Permission(name="view", description="See the last checks", minimum_role="viewer"),
            Permission(name="check", description="Check devices", minimum_role="operator"),
        ]

    def get_graphql_schema(self) -> GraphQLExtension:
        """Imported here, since models can only be imported once Django is ready."""
        from reachability.schema import extension

        return extension

    def get_ui_views(self) -> list[UIView]:
        """The page with the last checks, at the plugin's root."""
        from reachability.views import show_checks

        return [UIView(name="checks", path="", view=show_checks, title="Reachability", permission="view")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """A link to the page."""
        return [NavigationItem(label="Reachability", url="", icon="activity", order=40, permission="view")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """A widget with the number of last checks by outcome."""
        return [
            DashboardWidget(
                name="outcomes", title="Reachability", order=40, permission="view", data=self.count_outcomes
            )
        ]

    def get_external_hosts(self) -> list[ExternalHost]:
        """Whatever the inventory has: the plugin can't know the names."""
        return [
            ExternalHost(
                name="*",
                description="Connects to the hosts of each customer's devices, except in the blocked networks.",
            )
        ]

    def count_outcomes(self, context: HookContext) -> dict[str, int]:
        """The widget's data: `{"reachable": 12, "timed_out": 1}`."""
        from django.db.models import Count

        return dict(_checks_of(context).order_by("outcome").values_list("outcome").annotate(Count("pk")))

    def health_check(self, context: HookContext) -> HealthReport:
        """Degraded while the last check of any device failed."""
        counts = self.count_outcomes(context)
        failed = sum(count for outcome, count in counts.items() if outcome != "reachable")
        if failed and context.customer is not None:
            return HealthReport(status="degraded", message=f"{failed} devices did not answer.", details=counts)
        return HealthReport(status="healthy", details=counts)


def _checks_of(context: HookContext) -> Any:
    from reachability.models import Check

    return Check.objects.all() if context.customer is None else Check.objects.of(context.customer)


def _seconds(title: str, *, default: int, maximum: int) -> dict[str, Any]:
    return {"title": title, "type": "number", "minimum": 0.1, "maximum": maximum, "default": default}
