"""What plugins add to the user interface: menu entries and dashboard widgets."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import object_type
from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.scalars import Json
from webnet.plugins.models import PluginConfig


@object_type
class NavigationItem:
    """An entry in the menu."""

    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    label: str
    url: str
    icon: str | None
    order: int


@object_type
class DashboardWidget:
    """A widget on the dashboard, as data to render or as HTML."""

    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    name: str
    title: str
    order: int
    data: Json = strawberry.field(graphql_type=JSON | None)
    html: str | None
    error: str | None = strawberry.field(description="Set if the widget failed.")
