"""What plugins add: navigation items, dashboard widgets, and permissions with the roles that have them."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import at_most, field, object_type
from webnet.api.declarations.state_reads import StateRead
from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.node import Node, global_id
from webnet.api.vocabulary.scalars import Json
from webnet.plugins.kernel.parsing import MAXIMUM_ENTRIES
from webnet.plugins.models import PluginConfig


@object_type
class NavigationItem:
    """An item of the navigation.

    Attributes:
        plugin: The plugin that adds it.
        label: The text to show.
        url: Where it leads: a path on this host, or an http or https address.
        icon: The name of an icon; null if it has none.
        order: Items are shown by this number, the lowest first.
    """

    key: strawberry.Private[str]
    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    label: str
    url: str
    icon: str | None
    order: int

    @field(reads=StateRead.ANYWHERE)
    def id(self) -> strawberry.ID:
        """For caches: names the item and the customer to whose page it leads. `node` does not find it."""
        return global_id("NavigationItem", self.key)


@object_type
class DashboardWidget:
    """A widget on the dashboard, as data to render or as HTML.

    Attributes:
        plugin: The plugin that adds it.
        name: The name that is unique among the plugin's widgets.
        title: The heading to show.
        order: Widgets are shown by this number, the lowest first.
        data: What to show, as JSON; null if the widget is HTML or has failed.
        html: What to show, as HTML that was made safe; null if the widget is JSON or has failed.
    """

    key: strawberry.Private[str]
    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    name: str
    title: str
    order: int
    data: Json = strawberry.field(graphql_type=JSON | None)
    html: str | None
    error: str | None = strawberry.field(description="Set if the widget failed.")

    @field()
    def id(self) -> strawberry.ID:
        """For caches: names the widget and the customer for whom it is rendered. `node` does not find it."""
        return global_id("DashboardWidget", self.key)


@object_type
class PluginPermission:
    """A permission that a plugin adds.

    Attributes:
        codename: The name for programs, `<plugin>.<name>`.
        description: What it allows, in a sentence.
        minimum_role: The lowest role that has it by default.
    """

    codename: str
    description: str
    minimum_role: Role


@object_type
class RoleGrant:
    """Whether one role has a permission.

    Attributes:
        role: The role.
        granted: Whether the role has the permission.
        granted_by_default: Whether it would have it without any decision of the customer.
        decision: The customer's own decision; if null, the role has the permission by default, or because a lower role
            was given it.
    """

    role: Role
    granted: bool
    granted_by_default: bool
    decision: bool | None


@object_type
class CustomerPermission(Node):
    """A plugin's permission for one customer. It grants nothing while the plugin is not effective.

    Attributes:
        plugin: The plugin that adds it.
        codename: The name for programs, `<plugin>.<name>`.
        description: What it allows, in a sentence.
        effective: Whether the plugin is effective for the customer.
    """

    key: strawberry.Private[str]
    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    codename: str
    description: str
    effective: bool
    roles: list[RoleGrant] = at_most(len(Role), description="One for each role, the lowest first.")

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def id(root: strawberry.Parent[CustomerPermission]) -> strawberry.ID:
        """The global id; it stands for the pair of customer and permission."""
        return global_id("CustomerPermission", root.key)


@object_type
class PluginTable:
    """A table of a plugin in the database.

    Attributes:
        name: The name of the table.
        model: The model whose rows it has, such as "helpdesk.Ticket".
        is_customer_owned: Whether each row belongs to one customer; the other rows belong to everybody, or connect rows
            of other tables.
    """

    name: str
    model: str
    is_customer_owned: bool


@object_type
class ExternalHost:
    """Another machine that a plugin says its code talks to. webnet does not enforce it.

    Attributes:
        name: A host name or an IP address, with a port if only that one is used; `*` stands for any host, and `*.` for
            all names that end with the rest.
        description: What for, in a sentence.
    """

    name: str
    description: str


@object_type
class PluginContributions:
    """What a plugin adds while it is effective.

    Attributes:
        models: Its models.
        tables: The tables of its models in the database, by name.
        types: The GraphQL types that it defines.
        fields: The fields that it adds to types of webnet or of other plugins, as schema coordinates such as
            `Query.sites`; the root types are among those types. Sorted.
        extended_types: The types of others that it adds fields to.
        queries: Its fields of `Query`.
        mutations: Its fields of `Mutation`.
        subscriptions: Its fields of `Subscription`.
        pages: The paths of its pages.
        navigation_items: Its items of the navigation.
        dashboard_widgets: The names of its widgets.
        permissions: Its permissions.
        external_hosts: The machines that it says its code talks to; empty if it does not say.
    """

    models: list[str] = at_most(MAXIMUM_ENTRIES)
    tables: list[PluginTable] = at_most(MAXIMUM_ENTRIES)
    types: list[str] = at_most(MAXIMUM_ENTRIES)
    fields: list[str] = at_most(MAXIMUM_ENTRIES)
    extended_types: list[str] = at_most(MAXIMUM_ENTRIES)
    queries: list[str] = at_most(MAXIMUM_ENTRIES)
    mutations: list[str] = at_most(MAXIMUM_ENTRIES)
    subscriptions: list[str] = at_most(MAXIMUM_ENTRIES)
    pages: list[str] = at_most(MAXIMUM_ENTRIES)
    navigation_items: list[NavigationItem] = at_most(MAXIMUM_ENTRIES)
    dashboard_widgets: list[str] = at_most(MAXIMUM_ENTRIES)
    permissions: list[PluginPermission] = at_most(MAXIMUM_ENTRIES)
    external_hosts: list[ExternalHost] = at_most(MAXIMUM_ENTRIES)
