"""The root type `Query`, with the host's fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from webnet.api.declarations.connections import Connection, UncountedConnection, connection
from webnet.api.declarations.fields import field, object_type
from webnet.api.declarations.refusals import to_graphql
from webnet.api.declarations.sizes import (
    COST,
    LENGTH_OF,
    MAXIMUM_IDS,
    MAXIMUM_NAVIGATION_ITEMS,
    MAXIMUM_PLUGINS,
    MAXIMUM_WIDGETS,
)
from webnet.api.declarations.state_reads import StateRead
from webnet.api.engine.current import current_schema
from webnet.api.operations.nodes import find_nodes
from webnet.api.paging.pages import Page, PageArguments
from webnet.api.request.context import Context, Info, open_to_all
from webnet.api.resolvers import listings, navigation_and_widgets, people
from webnet.api.resolvers.problems import find_problems
from webnet.api.resolvers.settings_view import choose_shown
from webnet.api.resolvers.verification import ShownVerification, find_verification
from webnet.api.types.audit_log import PluginAuditLog
from webnet.api.types.audit_verification import AuditVerification
from webnet.api.types.customer import Customer
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.effective_plugin import EffectivePlugin, find_effective_plugins
from webnet.api.types.installation import Key, Worker
from webnet.api.types.plan import PlanStep, PluginPlan, PluginSettingsPlan
from webnet.api.types.plugin import Plugin
from webnet.api.types.problem import Problem
from webnet.api.types.user import User
from webnet.api.types.viewer import Viewer, find_viewer
from webnet.api.values.contributions import DashboardWidget, NavigationItem
from webnet.api.vocabulary.enums import Availability, PlanAction
from webnet.api.vocabulary.node import Node
from webnet.audit.models import PluginAuditLog as AuditRow
from webnet.customers.models import Customer as CustomerRow
from webnet.customers.models import User as UserRow
from webnet.errors import NotFound, Refusal
from webnet.plugins import models
from webnet.plugins.changes.plans import Plan
from webnet.plugins.changes.settings import SettingsPlan
from webnet.plugins.health import keys
from webnet.plugins.health.problems import MOST_PROBLEMS
from webnet.plugins.health.problems import Problem as FoundProblem
from webnet.plugins.manager import manager
from webnet.plugins.runtime import workers

# It tries the keys on every stored secret.
KEYS_COST = 100


@object_type
class Query:
    """What can be read; a plugin adds its own fields."""

    @field(metadata=open_to_all)
    def viewer(self, info: Info) -> Viewer | None:
        """The signed-in user; null when signed out."""
        return find_viewer(info)

    @field(graphql_type=Customer | None, reads=StateRead.ANYWHERE)
    def current_customer(self, info: Info) -> CustomerRow | None:
        """The customer of this view; null on the platform's."""
        return info.context.view_customer

    @field(graphql_type=Node | None)
    def node(self, info: Info, id: strawberry.ID) -> object | None:  # noqa: A002 - the name in the schema
        """The object with this global id; null if it does not exist, or is not visible to this viewer in this view.

        Args:
            id: The global id.
        """
        found: object | None = find_nodes(info, [id])[0]
        if isinstance(found, Exception):
            raise found
        return found

    @field(graphql_type=list[Node | None], maximum=MAXIMUM_IDS, metadata={LENGTH_OF: "ids"})
    def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[object | None]:
        """The objects with these global ids, each as `node` finds it; those of one type are read together.

        Args:
            ids: The global ids, at most 100; the answer is in their order.
        """
        return find_nodes(info, ids)

    @field(graphql_type=Customer | None, reads=StateRead.IN_VIEW)
    def customer(self, info: Info, slug: str) -> CustomerRow | None:
        """The customer with this slug; null if it does not exist, or the viewer may not see it.

        Args:
            slug: The customer's slug.
        """
        return info.context.reading.find_customer(slug)

    @connection(Connection[Customer])
    def customers(self, info: Info, arguments: PageArguments) -> Page[CustomerRow]:
        """The customers that the viewer may see, by slug unless ordered otherwise."""
        return listings.customers(info, arguments)

    @connection(Connection[User] | None)
    def users(self, info: Info, arguments: PageArguments) -> Page[UserRow] | None:
        """Everybody who has an account, by username unless ordered otherwise; null for all but platform operators, and
        in a customer's view.
        """
        return people.users(info, arguments)

    @field(graphql_type=Plugin | None, reads=StateRead.ANYWHERE)
    def plugin(self, info: Info, name: str) -> models.PluginConfig | None:
        """The plugin with this name; null if it does not exist, or the viewer may not see it.

        Args:
            name: The plugin's name.
        """
        return info.context.reading.find_plugin(name)

    @field(maximum=MAXIMUM_PLUGINS, reads=StateRead.ANYWHERE)
    def effective_plugins(self, info: Info) -> list[EffectivePlugin]:
        """The plugins that are effective in this view, by name, with what each adds to the schema. On the platform's
        view, those that are effective for at least one of the viewer's customers; for operators of the platform, those
        that can be effective for a customer.
        """
        return find_effective_plugins(info)

    @connection(Connection[Plugin], reads=StateRead.ANYWHERE)
    def plugins(self, info: Info, arguments: PageArguments) -> Page[models.PluginConfig]:
        """By name, unless ordered otherwise. Operators see all; others those that are enabled globally and not withheld
        from each of their customers.
        """
        return listings.plugins(info, arguments)

    @field(graphql_type=CustomerPluginConfig | None, reads=StateRead.IN_VIEW)
    def customer_plugin_config(self, info: Info, customer: str, plugin: str) -> models.CustomerPluginConfig | None:
        """One plugin for one customer, also if the customer has made no choice; null if the viewer may not see
        either.

        Args:
            customer: The customer's slug.
            plugin: The plugin's name.
        """
        return listings.find_config(info.context.reading, customer, plugin)

    @connection(Connection[CustomerPluginConfig])
    def customer_plugin_configs(self, info: Info, arguments: PageArguments) -> Page[models.CustomerPluginConfig]:
        """The choices that customers have made, by plugin and customer; `Customer.pluginConfigs` has one config for
        every plugin.
        """
        return listings.configs(info, arguments)

    @connection(UncountedConnection[PluginAuditLog])
    def plugin_audit_logs(self, info: Info, arguments: PageArguments) -> Page[AuditRow]:
        """The rows of the audit log that the viewer may read, newest first; the cursors are good for
        `Subscription.pluginEvents`.
        """
        return listings.audit_logs(info, arguments)

    @field(graphql_type=AuditVerification | None)
    def audit_verification(self, info: Info, customer: str | None = UNSET) -> ShownVerification | None:
        """How far the audit log was verified and signed; null for viewers who may not read the rows. The platform's
        operators get that of the whole log, operators and admins of a customer that of its chain.

        Args:
            customer: The slug of a customer; null for that of the view, and on the platform's view for the whole log.
        """
        return find_verification(info.context.reading, customer or None)

    @field()
    def plugin_plan(
        self,
        info: Info,
        plugin: str,
        action: PlanAction,
        customer: str | None = UNSET,
        availability: Availability | None = UNSET,
    ) -> PluginPlan:
        """What an action would do, in order, or why it would be refused. Changes nothing.

        Args:
            plugin: The plugin's name.
            action: The action to plan.
            customer: The slug of the customer to plan for; null for everybody.
            availability: With SET_AVAILABILITY: as in `setPluginAvailability`. With ENABLE for everybody: what
                customers may choose from then on; null leaves it as it is.
        """
        found = _ask(
            info.context, plugin=plugin, customer=customer or None, action=action, availability=availability or None
        )
        return show_plan(info.context, found, plugin=plugin, customer=customer or None, action=action)

    @field()
    def plugin_settings_plan(
        self,
        info: Info,
        plugin: str,
        settings: JSON,
        customer: str | None = UNSET,
        expected_revision: int | None = UNSET,
        allow_invalid: bool = False,  # noqa: FBT001, FBT002 - GraphQL names it
    ) -> PluginSettingsPlan:
        """What `updatePluginSettings` or, for a customer, `updateCustomerPluginSettings` would change, or why it would
        be refused; for who may do that. Changes nothing.

        Args:
            plugin: The plugin's name.
            settings: What to change, as a JSON Merge Patch (RFC 7396). Give secrets in a variable, and use POST.
            customer: The slug of the customer to plan for; null for everybody.
            expected_revision: The revision of the layer that you have read; null for any.
            allow_invalid: For everybody only: plan to change the settings even if customers' own are then not valid.
        """
        expected = None if expected_revision is UNSET else expected_revision
        plan = partial(manager.plan_settings, patch=settings, expected_revision=expected, allow_invalid=allow_invalid)
        return _plan_settings(info.context, plan, plugin=plugin, customer=customer or None)

    @field()
    def plugin_settings_revert_plan(
        self,
        info: Info,
        plugin: str,
        revision: int,
        customer: str | None = UNSET,
        expected_revision: int | None = UNSET,
        allow_invalid: bool = False,  # noqa: FBT001, FBT002 - GraphQL names it
    ) -> PluginSettingsPlan:
        """What `revertPluginSettings` or, for a customer, `revertCustomerPluginSettings` would change, or why it would
        be refused; for who may do that. Changes nothing.

        Args:
            plugin: The plugin's name.
            revision: The revision to go back to; 0 is no settings at all.
            customer: The slug of the customer to plan for; null for everybody.
            expected_revision: The revision of the layer that you have read; null for any.
            allow_invalid: For everybody only: plan to go back even if customers' own settings are then not valid.
        """
        expected = None if expected_revision is UNSET else expected_revision
        plan = partial(manager.plan_revert, revision=revision, expected_revision=expected, allow_invalid=allow_invalid)
        return _plan_settings(info.context, plan, plugin=plugin, customer=customer or None)

    @field(graphql_type=list[Problem], maximum=MOST_PROBLEMS)
    def problems(self, info: Info) -> list[FoundProblem]:
        """What has to be done, the most urgent first: for the customers that the viewer operates; for operators of the
        platform, on its own view, all that concerns the platform.
        """
        return find_problems(info.context.reading)

    @field(graphql_type=list[Worker] | None, maximum=workers.MOST_WORKERS)
    def workers(self, info: Info) -> list[workers.RunningWorker] | None:
        """The processes that serve now, the oldest first, with the versions that they run; null for viewers who are not
        platform operators.
        """
        reading = info.context.reading
        if not reading.actor.is_platform_operator:
            return None
        return workers.find_running({name: row.version for name, row in reading.platform.plugins.items()})

    @field(graphql_type=list[Key] | None, maximum=keys.MOST_KEYS, metadata={COST: KEYS_COST})
    def keys(self, info: Info) -> list[keys.Key] | None:
        """The keys of the server that answers, the current one of each purpose first, and what still needs each; null
        for viewers who are not platform operators.
        """
        return keys.find_keys() if info.context.actor.is_platform_operator else None

    @field(maximum=MAXIMUM_NAVIGATION_ITEMS, reads=StateRead.ANYWHERE)
    def navigation_items(self, info: Info) -> list[NavigationItem]:
        """The items that this viewer may use in this view, in order."""
        return navigation_and_widgets.navigation_items(info.context.reading)

    @field(maximum=MAXIMUM_WIDGETS)
    def dashboard_widgets(self, info: Info) -> list[DashboardWidget]:
        """The widgets that this viewer may see in this view, in order; `error` is set for one that fails."""
        return navigation_and_widgets.dashboard_widgets(info.context.reading)


def show_plan(context: Context, found: Plan, *, plugin: str, customer: str | None, action: PlanAction) -> PluginPlan:
    """The plan with what it changes in the schema."""
    reading, full, effective = context.reading, current_schema(), found.effective
    removed = full.list_lost(effective.before, without=effective.stopping)
    added = full.list_lost(effective.after, without=effective.starting)
    named = reading.find_customers(found.affected.slugs)
    return PluginPlan(
        action=action,
        plugin=reading.find_plugin(plugin),
        customer=reading.find_customer(customer) if customer else None,
        steps=[PlanStep(plugin=reading.platform.plugins[step.plugin], action=step.action) for step in found.steps],
        affected_customer_count=found.affected.count,
        affected_customers=list(named.values()),
        removed_types=list(removed.types),
        removed_fields=list(removed.fields),
        added_types=list(added.types),
        added_fields=list(added.fields),
        refusal=to_graphql(found.refusal) if found.refusal else None,
    )


def _ask(
    context: Context, *, plugin: str, customer: str | None, action: PlanAction, availability: Availability | None
) -> Plan:
    refusal = _find_refusal_of_view(context, customer)
    if refusal is not None:
        return Plan(refusal=refusal)
    return manager.plan(plugin, actor=context.actor, customer=customer, action=action, availability=availability)


def _plan_settings(
    context: Context, plan: Callable[..., SettingsPlan], *, plugin: str, customer: str | None
) -> PluginSettingsPlan:
    """What the manager plans, with what the viewer may see of it."""
    refusal = _find_refusal_of_view(context, customer)
    found = plan(plugin, actor=context.actor, customer=customer) if refusal is None else SettingsPlan(refusal=refusal)
    reading = context.reading
    return PluginSettingsPlan(
        plugin=reading.find_plugin(plugin),
        customer=reading.find_customer(customer) if customer else None,
        changes=list(choose_shown(found.changes, plugin, sees_all=context.actor.is_platform_operator)),
        current_revision=found.revision,
        refusal=to_graphql(found.refusal) if found.refusal else None,
    )


def _find_refusal_of_view(context: Context, customer: str | None) -> Refusal | None:
    try:
        context.require_in_view(customer)
    except NotFound as refusal:
        return refusal
    return None
