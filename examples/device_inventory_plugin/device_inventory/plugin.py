"""The plugin class, which webnet reads: metadata and declarations."""

from __future__ import annotations

from typing import Any

from device_inventory import __version__
from webnet.plugins.base import (
    DashboardWidget,
    GraphQLExtension,
    HealthReport,
    HookContext,
    NavigationItem,
    Permission,
    PluginBase,
    UIView,
)

NEARLY_FULL = 0.9


class Plugin(PluginBase):
    """Keeps each customer's devices and their interfaces."""

    name = "device_inventory"
    verbose_name = "Device Inventory"
    version = __version__
    author = "webnet contributors"
    description = "Keeps each customer's devices and their interfaces."
    licence = "MIT"
    homepage = "https://example.com/webnet-plugins/device-inventory"
    webnet_version = ">=0.1,<1"

    def get_settings_schema(self) -> dict[str, Any]:
        """The limits are set by platform operators; customers choose the number of devices per page."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "page_size": _number("Devices per page", default=25, maximum=200),
                "maximum_devices": _number("Maximum number of devices", default=10_000, is_limit=True),
                "maximum_import_rows": _number("Maximum number of rows per import", default=1_000, is_limit=True),
            },
        }

    def get_permissions(self) -> list[Permission]:
        """Permissions with the lowest role that has them by default."""
        return [
            Permission(name="view", description="See devices", minimum_role="viewer"),
            Permission(name="edit", description="Add, change and delete devices", minimum_role="operator"),
            Permission(name="import_devices", description="Import devices from CSV", minimum_role="operator"),
        ]

    def get_graphql_schema(self) -> GraphQLExtension:
        """Imported here, since models can only be imported once Django is ready."""
        from device_inventory.schema import extension

        return extension

    def get_ui_views(self) -> list[UIView]:
        """The page with the table of devices, at the plugin's root."""
        from device_inventory.views import show_devices

        return [UIView(name="devices", path="", view=show_devices, title="Devices", permission="view")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """A link to the plugin's page; URLs are relative to the plugin's root."""
        return [NavigationItem(label="Devices", url="", icon="server", order=20, permission="view")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """A widget with the number of devices by status."""
        return [
            DashboardWidget(name="by_status", title="Devices", order=20, permission="view", data=self.count_by_status)
        ]

    def count_by_status(self, context: HookContext) -> dict[str, int]:
        """The widget's data, of one customer or of all: `{"planned": 0, "active": 2, …}`."""
        from django.db.models import Count

        from device_inventory.models import DeviceStatus

        rows = _rows_of(context).order_by().values_list("status").annotate(Count("pk"))
        return dict.fromkeys(DeviceStatus.values, 0) | dict(rows)

    def health_check(self, context: HookContext) -> HealthReport:
        """Degraded when a customer has almost reached its limit."""
        if context.customer is None:
            return HealthReport(status="healthy", details={"devices": _rows_of(context).count()})
        count, maximum = _rows_of(context).count(), context.settings["maximum_devices"]
        if count >= maximum * NEARLY_FULL:
            return HealthReport(status="degraded", message=f"{count} of {maximum} devices are used.")
        return HealthReport(status="healthy", details={"devices": count})


def _rows_of(context: HookContext) -> Any:
    from device_inventory.models import Device

    return Device.objects.all() if context.customer is None else Device.objects.of(context.customer)


def _number(title: str, *, default: int, maximum: int = 1_000_000, is_limit: bool = False) -> dict[str, Any]:
    """The schema of a setting; limits can only be set by platform operators."""
    shown = {"title": title, "type": "integer", "minimum": 1, "maximum": maximum, "default": default}
    return shown | {"x-webnet-scope": "platform"} if is_limit else shown
