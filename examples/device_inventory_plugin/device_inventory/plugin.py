"""What webnet reads of this package: who the plugin is and what it declares."""

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
    """Devices and their interfaces, for each customer its own."""

    name = "device_inventory"
    verbose_name = "Device Inventory"
    version = __version__
    author = "webnet contributors"
    description = "Keeps each customer's devices and their interfaces."
    homepage = "https://example.com/webnet-plugins/device-inventory"
    webnet_version = ">=0.1,<1"

    def get_settings_schema(self) -> dict[str, Any]:
        """Limits are the platform's to set; how many rows a page has is the customer's choice."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "page_size": _number("Devices per page", default=25, maximum=200),
                "maximum_devices": _number("Most devices that a customer may have", default=10_000, is_limit=True),
                "maximum_import_rows": _number("Most rows of one import", default=1_000, is_limit=True),
            },
        }

    def get_permissions(self) -> list[Permission]:
        """What members may do, and from which role up by default."""
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
        """The page with the table, at the plugin's own address."""
        from device_inventory.views import show_devices

        return [UIView(name="devices", path="", view=show_devices, title="Devices", permission="view")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """The empty address is the plugin's first page, for the customer who looks."""
        return [NavigationItem(label="Devices", url="", icon="server", order=20, permission="view")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """How many devices there are."""
        return [
            DashboardWidget(name="by_status", title="Devices", order=20, permission="view", data=self.count_by_status)
        ]

    def count_by_status(self, context: HookContext) -> dict[str, int]:
        """The widget's data: `{"planned": 0, "active": 2, …}`, of one customer or of all."""
        from django.db.models import Count

        from device_inventory.models import DeviceStatus

        rows = _rows_of(context).order_by().values_list("status").annotate(Count("pk"))
        return dict.fromkeys(DeviceStatus.values, 0) | dict(rows)

    def health_check(self, context: HookContext) -> HealthReport:
        """Degraded when a customer is about to reach its limit."""
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
    """A setting; a limit is set by operators of the platform only."""
    shown = {"title": title, "type": "integer", "minimum": 1, "maximum": maximum, "default": default}
    return shown | {"x-webnet-scope": "platform"} if is_limit else shown
