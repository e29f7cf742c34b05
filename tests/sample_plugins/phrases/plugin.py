"""The phrases plugin: `gettext_lazy` in every declaration there is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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

SETTINGS = {
    "type": "object",
    "title": _("Monday"),
    "additionalProperties": False,
    "properties": {
        "day": {
            "title": _("Tuesday"),
            "description": _("Wednesday"),
            "oneOf": ({"const": _("Friday"), "title": _("Friday")}, {"const": "none", "title": _("Sunday")}),
            "default": _("Friday"),
        },
        "month": {"type": "string", "enum": [_("May"), _("June")], "default": _("May"), "x-note": _("June")},
        "title": {"type": "integer", "title": _("January"), "default": 1, "x-webnet-scope": "platform"},
    },
}


def show_days(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{gettext('Monday')}, {_('Tuesday')}")


class Plugin(PluginBase):
    name = "phrases"
    version = "1.0"
    verbose_name = _("Monday")
    description = _("Tuesday")
    author = _("Wednesday")

    def get_settings_schema(self) -> dict[str, Any]:
        return SETTINGS

    def get_permissions(self) -> list[Permission | dict[str, Any]]:
        return [
            Permission(name="see", description=_("Thursday"), minimum_role="viewer"),
            {"name": "hide", "description": _("Friday")},
        ]

    def get_navigation_items(self) -> list[NavigationItem | dict[str, Any]]:
        return [
            NavigationItem(label=_("Saturday"), url="days/", icon=_("Sunday"), permission="see"),
            {"label": _("Sunday"), "url": _("days/")},
        ]

    def get_ui_views(self) -> list[UIView]:
        return [UIView(name="days", path="days/", view=show_days, title=_("Monday"))]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        return [
            DashboardWidget(
                name="data", title=_("January"), order=1, data=lambda: {_("May"): [_("June"), (_("July"),)]}
            ),
            DashboardWidget(name="html", title=_("February"), order=2, html=lambda: _("March")),
        ]

    def get_graphql_schema(self) -> GraphQLExtension:
        from phrases import schema

        return GraphQLExtension(
            query=schema.PhraseQueries, mutation=schema.PhraseMutations, subscription=schema.PhraseSubscriptions
        )

    def health_check(self, context: HookContext) -> HealthReport:
        return HealthReport(status="degraded", message=_("Saturday"), details={"days": {_("Sunday"): (_("Monday"),)}})
