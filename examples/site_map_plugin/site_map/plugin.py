"""The plugin class, which webnet reads: metadata and declarations."""

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

LISTED_SITES = 5


class Plugin(PluginBase):
    """Keeps sites with coordinates, and which device is at which site."""

    name = "site_map"
    verbose_name = "Site Map"
    version = __version__
    author = "webnet contributors"
    description = "Puts each customer's devices on a map of its sites."
    licence = "MIT"
    homepage = "https://example.com/webnet-plugins/site-map"
    webnet_version = ">=0.1,<1"
    dependencies = ("device_inventory>=1,<2",)

    def get_settings_schema(self) -> dict[str, Any]:
        """The limit is set by platform operators; customers choose whether the map shows names."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "show_names": {"title": "Show names on the map", "type": "boolean", "default": True},
                "maximum_sites": {
                    "title": "Maximum number of sites",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 10_000,
                    "default": 500,
                    "x-webnet-scope": "platform",
                },
            },
        }

    def get_permissions(self) -> list[Permission]:
        """Permissions with the lowest role that has them by default."""
        return [
            Permission(name="view", description="See sites", minimum_role="viewer"),
            Permission(name="edit", description="Change sites and where devices are", minimum_role="operator"),
        ]

    def get_graphql_schema(self) -> GraphQLExtension:
        """Imported here, since models can only be imported once Django is ready."""
        from site_map.schema import extension

        return extension

    def get_ui_views(self) -> list[UIView]:
        """The page with the map, at the plugin's root."""
        from site_map.views import show_map

        return [UIView(name="map", path="", view=show_map, title="Site map", permission="view")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """A link to the map."""
        return [NavigationItem(label="Site map", url="", icon="map", order=30, permission="view")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """A widget with the sites that have the most devices."""
        return [DashboardWidget(name="largest", title="Sites", order=30, permission="view", data=self.list_largest)]

    def list_largest(self, context: HookContext) -> list[dict[str, Any]]:
        """The widget's data: `[{"site": "Oslo", "devices": 12}, …]`."""
        from django.db.models import Count

        rows = _sites_of(context).annotate(count=Count("placements")).order_by("-count", "name")[:LISTED_SITES]
        return [{"site": site.name, "devices": site.count} for site in rows]

    def health_check(self, context: HookContext) -> HealthReport:
        """Degraded when no more sites can be created."""
        count = _sites_of(context).count()
        if context.customer is not None and count >= context.settings["maximum_sites"]:
            return HealthReport(status="degraded", message=f"All of the {count} sites are used.")
        return HealthReport(status="healthy", details={"sites": count})


def _sites_of(context: HookContext) -> Any:
    from site_map.models import Site

    return Site.objects.all() if context.customer is None else Site.objects.of(context.customer)
