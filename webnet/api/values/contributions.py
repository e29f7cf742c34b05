"""What plugins add: navigation items, dashboard widgets, and permissions with the roles that have them."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import at_most, object_type
from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.scalars import Json
from webnet.plugins.kernel.parsing import MAXIMUM_ENTRIES
from webnet.plugins.models import PluginConfig


@object_type
class NavigationItem:
    """An item of the navigation."""

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


@object_type
class PluginPermission:
    """Something that members with at least `minimumRole` may do; the codename is `<plugin>.<name>`."""

    codename: str
    description: str
    minimum_role: Role


@object_type
class RoleGrant:
    """Whether one role has a permission. `decision` is the customer's own; if it is null, the role has the
    permission if it has it by default, or if a lower role was given it.
    """

    role: Role
    granted: bool
    granted_by_default: bool
    decision: bool | None


@object_type
class CustomerPermission:
    """A plugin's permission for one customer. It grants nothing while the plugin is not effective."""

    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    codename: str
    description: str
    effective: bool
    roles: list[RoleGrant] = at_most(len(Role), description="One for each role, the lowest first.")


@object_type
class PluginContributions:
    """What a plugin adds while it is effective, by name."""

    models: list[str] = at_most(MAXIMUM_ENTRIES)
    types: list[str] = at_most(MAXIMUM_ENTRIES)
    extended_types: list[str] = at_most(MAXIMUM_ENTRIES)
    queries: list[str] = at_most(MAXIMUM_ENTRIES)
    mutations: list[str] = at_most(MAXIMUM_ENTRIES)
    subscriptions: list[str] = at_most(MAXIMUM_ENTRIES)
    pages: list[str] = at_most(MAXIMUM_ENTRIES)
    navigation_items: list[NavigationItem] = at_most(MAXIMUM_ENTRIES)
    dashboard_widgets: list[str] = at_most(MAXIMUM_ENTRIES)
    permissions: list[PluginPermission] = at_most(MAXIMUM_ENTRIES)
