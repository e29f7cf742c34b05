"""What plugins put before people: entries of the menu and widgets of the dashboard."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import object_type
from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.scalars import Json
from webnet.plugins.models import PluginConfig


@object_type
class NavigationItem:
    """An entry of the menu."""

    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    label: str
    url: str
    icon: str | None
    order: int


@object_type
class DashboardWidget:
    """A widget of the dashboard, as data to draw or as ready HTML."""

    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    name: str
    title: str
    order: int
    data: Json = strawberry.field(graphql_type=JSON | None)
    html: str | None
    error: str | None = strawberry.field(description="Set when this widget failed.")
