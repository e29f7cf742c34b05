"""What plugins add to the user interface: menu entries and dashboard widgets."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.scalars import Json
from webnet.plugins.models import PluginConfig


@strawberry.type(description="An entry in the menu.")
class NavigationItem:
    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    label: str
    url: str
    icon: str | None
    order: int


@strawberry.type(description="A widget on the dashboard, as data to render or as HTML.")
class DashboardWidget:
    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    name: str
    title: str
    order: int
    data: Json = strawberry.field(graphql_type=JSON | None)
    html: str | None
    error: str | None = strawberry.field(description="Set if the widget failed.")
