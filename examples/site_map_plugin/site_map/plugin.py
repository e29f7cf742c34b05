"""What webnet reads of this package: who the plugin is and what it declares."""

from __future__ import annotations

from typing import Any

from site_map import __version__
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

LARGEST_SITES = 5


class Plugin(PluginBase):
    """Sites with coordinates, and which device is where."""

    name = "site_map"
    verbose_name = "Site Map"
    version = __version__
    author = "webnet contributors"
    description = "Puts each customer's devices on a map of its sites."
    homepage = "https://example.com/webnet-plugins/site-map"
    webnet_version = ">=0.1,<1"
    dependencies = ("device_inventory>=1,<2",)

    def get_settings_schema(self) -> dict[str, Any]:
        """The limit is the platform's to set; whether the map has names is the customer's choice."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "show_names": {"title": "Names on the map", "type": "boolean", "default": True},
                "maximum_sites": {
                    "title": "Most sites that a customer may have",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 10_000,
                    "default": 500,
                    "x-webnet-scope": "platform",
                },
            },
        }

    def get_permissions(self) -> list[Permission]:
        """What members may do, and from which role up by default."""
        return [
            Permission(name="view", description="See sites", minimum_role="viewer"),
            Permission(name="edit", description="Change sites and where devices are", minimum_role="operator"),
        ]

    def get_graphql_schema(self) -> GraphQLExtension:
        """Imported here, since models can only be imported once Django is ready."""
        from site_map.schema import extension

        return extension

    def get_ui_views(self) -> list[UIView]:
        """The map, at the plugin's own address."""
        from site_map.views import show_map

        return [UIView(name="map", path="", view=show_map, title="Site map", permission="view")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """The way to the map."""
        return [NavigationItem(label="Site map", url="", icon="map", order=30, permission="view")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """The sites with most devices."""
        return [DashboardWidget(name="largest", title="Sites", order=30, permission="view", data=self.list_largest)]

    def list_largest(self, context: HookContext) -> list[dict[str, Any]]:
        """The widget's data: `[{"site": "Oslo", "devices": 12}, …]`."""
        from django.db.models import Count

        rows = _sites_of(context).annotate(count=Count("placements")).order_by("-count", "name")[:LARGEST_SITES]
        return [{"site": site.name, "devices": site.count} for site in rows]

    def health_check(self, context: HookContext) -> HealthReport:
        """Degraded when no more sites can be made."""
        count = _sites_of(context).count()
        if context.customer is not None and count >= context.settings["maximum_sites"]:
            return HealthReport(status="degraded", message=f"All of the {count} sites are used.")
        return HealthReport(status="healthy", details={"sites": count})


def _sites_of(context: HookContext) -> Any:
    from site_map.models import Site

    return Site.objects.all() if context.customer is None else Site.objects.of(context.customer)
