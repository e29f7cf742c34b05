"""What can be read: the host's root fields."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.types.base import StrawberryObjectDefinition

from webnet.api.paging.connections import Page
from webnet.api.request.context import Context, Info
from webnet.api.request.guards import open_to_all
from webnet.api.resolvers import listings, surfaces
from webnet.api.resolvers.filters import (
    CustomerFilter,
    CustomerPluginConfigFilter,
    PluginAuditLogFilter,
    PluginFilter,
)
from webnet.api.resolvers.orders import CustomerOrder, PluginOrder
from webnet.api.types.audit_log import PluginAuditLogConnection
from webnet.api.types.customer import Customer, CustomerConnection
from webnet.api.types.customer_plugin_config import CustomerPluginConfig, CustomerPluginConfigConnection
from webnet.api.types.plan import PlanStep, PluginPlan
from webnet.api.types.plugin import Plugin, PluginConnection
from webnet.api.types.refusals import to_graphql
from webnet.api.types.viewer import Viewer, find_viewer
from webnet.api.values.surfaces import DashboardWidget, NavigationItem
from webnet.api.vocabulary.declare import field
from webnet.api.vocabulary.enums import PlanAction
from webnet.api.vocabulary.node import Node, read_global_id
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer as CustomerRow
from webnet.errors import NotFound, Refusal
from webnet.plugins import models
from webnet.plugins.changes.plans import Plan
from webnet.plugins.manager import manager


@strawberry.type(description="What can be read; a plugin adds its own fields.")
class Query:
    @field(description="The signed-in user; null when signed out.", metadata=open_to_all)
    def viewer(self, info: Info) -> Viewer | None:
        return find_viewer(info)

    @field(graphql_type=Customer | None, description="The customer of this view; null on the platform's.")
    def current_customer(self, info: Info) -> CustomerRow | None:
        return info.context.view_customer

    @field(graphql_type=Node | None, description="Null for what does not exist, or not for this viewer and view.")
    def node(self, info: Info, id: strawberry.ID) -> object | None:  # noqa: A002 - the name in the schema
        found: object | None = find_node(info, id)
        return found

    @field(graphql_type=Customer | None)
    def customer(self, info: Info, slug: str) -> CustomerRow | None:
        return info.context.reading.find_customer(slug)

    @field(graphql_type=CustomerConnection, description="By slug, unless ordered otherwise.")
    def customers(
        self,
        info: Info,
        *,
        filter: CustomerFilter | None = UNSET,  # noqa: A002 - the name in the schema
        order: list[CustomerOrder] | None = UNSET,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[CustomerRow]:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.customers(info, filter or None, order or None, arguments)

    @field(graphql_type=Plugin | None)
    def plugin(self, info: Info, name: str) -> models.PluginConfig | None:
        return info.context.reading.find_plugin(name)

    @field(
        graphql_type=PluginConnection,
        description=(
            "By name, unless ordered otherwise. Operators see all; others those that are enabled globally and not "
            "withheld from each of their customers."
        ),
    )
    def plugins(
        self,
        info: Info,
        *,
        filter: PluginFilter | None = UNSET,  # noqa: A002 - the name in the schema
        order: list[PluginOrder] | None = UNSET,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[models.PluginConfig]:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.plugins(info, filter or None, order or None, arguments)

    @field(
        graphql_type=CustomerPluginConfig | None,
        description="There is one for every pair of customer and plugin, also where the customer made no choice.",
    )
    def customer_plugin_config(self, info: Info, customer: str, plugin: str) -> models.CustomerPluginConfig | None:
        return listings.find_config(info.context.reading, customer, plugin)

    @field(
        graphql_type=CustomerPluginConfigConnection,
        description=("Explicit choices only, by plugin and customer; Customer.pluginConfigs has one for every plugin."),
    )
    def customer_plugin_configs(
        self,
        info: Info,
        *,
        filter: CustomerPluginConfigFilter | None = UNSET,  # noqa: A002 - the name in the schema
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[models.CustomerPluginConfig]:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.configs(info, filter or None, arguments)

    @field(
        graphql_type=PluginAuditLogConnection,
        description="Newest first; its cursors can be given to Subscription.pluginEvents.",
    )
    def plugin_audit_logs(
        self,
        info: Info,
        *,
        filter: PluginAuditLogFilter | None = UNSET,  # noqa: A002 - the name in the schema
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[PluginAuditLog]:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.audit_logs(info, filter or None, arguments)

    @field(
        description=(
            "What enabling (or disabling, or resetting) would do, in order, or why it is refused. Changes nothing."
        )
    )
    def plugin_plan(self, info: Info, plugin: str, action: PlanAction, customer: str | None = UNSET) -> PluginPlan:
        return find_plan(info.context, plugin=plugin, customer=customer or None, action=action)

    @field(description="Those this viewer may use in this view, in order.")
    def navigation_items(self, info: Info) -> list[NavigationItem]:
        return surfaces.navigation_items(info.context.reading)

    @field(description="Those this viewer may see in this view, in order; one that fails says so in `error`.")
    def dashboard_widgets(self, info: Info) -> list[DashboardWidget]:
        return surfaces.dashboard_widgets(info.context.reading)


def find_node(info: Info, id: str) -> Any:  # noqa: A002 - the name in the schema
    """The node; None for an id that is none, of another type, missing or foreign alike.

    A type takes part by implementing `Node` and a static method `find_node(info, key)`.
    """
    named = read_global_id(id)
    definition = info.schema.get_type_by_name(named[0]) if named else None
    if named is None or not isinstance(definition, StrawberryObjectDefinition):
        return None
    find = getattr(definition.origin, "find_node", None)
    return find(info, named[1]) if find is not None and issubclass(definition.origin, Node) else None


def find_plan(context: Context, *, plugin: str, customer: str | None, action: PlanAction) -> PluginPlan:
    """What the action would do, or why it is refused."""
    found = _ask(context, plugin=plugin, customer=customer, action=action)
    reading = context.reading
    return PluginPlan(
        action=action,
        plugin=reading.find_plugin(plugin),
        customer=reading.find_customer(customer) if customer else None,
        steps=[PlanStep(plugin=reading.platform.plugins[step.plugin], action=step.action) for step in found.steps],
        affected_customer_count=found.affected_customer_count,
        refusal=to_graphql(found.refusal) if found.refusal else None,
    )


def _ask(context: Context, *, plugin: str, customer: str | None, action: PlanAction) -> Plan:
    refusal: Refusal | None = None
    try:
        context.require_in_view(customer)
    except NotFound as error:
        refusal = error
    if refusal is not None:
        return Plan(refusal=refusal)
    return manager.plan(plugin, actor=context.actor, customer=customer, action=action)
