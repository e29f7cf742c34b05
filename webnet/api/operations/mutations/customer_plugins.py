"""Switches plugins on and off, for one customer or several."""

from __future__ import annotations

from typing import TypeAlias

import strawberry

from webnet.api.declarations.fields import at_most, field, input_type, object_type
from webnet.api.declarations.mutations import commits_itself, mutation
from webnet.api.declarations.refusals import Refusal
from webnet.api.declarations.sizes import COST, MAXIMUM_PLUGINS
from webnet.api.operations.mutations import results
from webnet.api.request.context import Info
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.vocabulary.enums import PlanAction
from webnet.errors import DependencyRefusal, HookFailed, InvalidInput, NotFound, PluginUnavailable
from webnet.plugins import models
from webnet.plugins.manager import MAXIMUM_BATCH, manager

ConfigRow: TypeAlias = models.CustomerPluginConfig


@input_type
class EnableCustomerPluginInput:
    """Which plugin to enable for which customer.

    Attributes:
        customer: The customer's slug.
        plugin: The plugin's name.
        enable_dependencies: Whether to enable the plugins that it needs as well; otherwise it is refused while one of
            them is not effective.
        only_plugins: Change no other plugins than these, such as those in the steps of a plan: if it would, it is
            refused with PLAN_CHANGED. Null allows all.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    plugin: str
    enable_dependencies: bool = False
    only_plugins: list[str] | None = None
    reason: str | None = None


@object_type
class EnableCustomerPluginPayload:
    """What was enabled for the customer.

    Attributes:
        config: The plugin for the customer, as it is now.
        changed: Whether anything was changed; false if it was so already.
        also_enabled: The dependencies that were enabled with it.
    """

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool
    also_enabled: list[ConfigRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[CustomerPluginConfig])


@input_type
class DisableCustomerPluginInput:
    """Which plugin to disable for which customer.

    Attributes:
        customer: The customer's slug.
        plugin: The plugin's name.
        disable_dependents: Whether to disable the plugins that need it as well; otherwise it is refused while one of
            them is on.
        only_plugins: Change no other plugins than these, such as those in the steps of a plan: if it would, it is
            refused with PLAN_CHANGED. Null allows all.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    plugin: str
    disable_dependents: bool = False
    only_plugins: list[str] | None = None
    reason: str | None = None


@object_type
class DisableCustomerPluginPayload:
    """What was disabled for the customer.

    Attributes:
        config: The plugin for the customer, as it is now.
        changed: Whether anything was changed; false if it was so already.
        also_disabled: The dependents that were disabled with it.
    """

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool
    also_disabled: list[ConfigRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[CustomerPluginConfig])


@input_type
class ResetCustomerPluginInput:
    """Which choice of which customer to remove.

    Attributes:
        customer: The customer's slug.
        plugin: The plugin's name.
        cascade: Whether to enable its dependencies or disable its dependents as well, whichever the availability
            requires.
        only_plugins: Change no other plugins than these, such as those in the steps of a plan: if it would, it is
            refused with PLAN_CHANGED. Null allows all.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    plugin: str
    cascade: bool = False
    only_plugins: list[str] | None = None
    reason: str | None = None


@object_type
class ResetCustomerPluginPayload:
    """The customer without the choice.

    Attributes:
        config: The plugin for the customer, as it is now.
        changed: Whether anything was changed; false if it was so already.
        also_changed: The other plugins that were changed with it.
    """

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool
    also_changed: list[ConfigRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[CustomerPluginConfig])


@input_type
class SetPluginForCustomersInput:
    """What to do with a plugin for several customers; for all of them, use the availability.

    Attributes:
        plugin: The plugin's name.
        customers: The customers' slugs, at most 1,000.
        action: What to do for each of them.
        cascade: Whether to enable its dependencies or disable its dependents as well.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    customers: list[str] = at_most(MAXIMUM_BATCH)
    action: PlanAction
    cascade: bool = False
    reason: str | None = None


@object_type
class CustomerPluginOutcome:
    """What happened for one customer.

    Attributes:
        customer_slug: The customer's slug, as it was given.
        changed: Whether anything was changed; false if it was so already.
        refusal: Why nothing was changed for this customer; null if it was not refused.
    """

    plugin: strawberry.Private[str]
    customer_slug: str
    changed: bool

    # Only where it is asked for, since it takes all choices of a thousand customers to know what is effective for them.
    @field(graphql_type=CustomerPluginConfig | None, metadata={COST: 1})
    @staticmethod
    def config(root: strawberry.Parent[CustomerPluginOutcome], info: Info) -> ConfigRow | None:
        """The plugin for the customer, as it is now; null if it was refused."""
        return None if root.refusal is not None else results.find_config_now(info, root.customer_slug, root.plugin)

    refusal: Refusal | None


@object_type
class SetPluginForCustomersPayload:
    """What happened for each customer.

    Attributes:
        outcomes: One for each of the given customers, in their order.
        changed_count: For how many customers something was changed.
        refused_count: For how many customers it was refused.
    """

    outcomes: list[CustomerPluginOutcome] = at_most(MAXIMUM_BATCH)
    changed_count: int
    refused_count: int


@strawberry.type
class CustomerPluginMutations:
    @mutation(NotFound, DependencyRefusal, PluginUnavailable, HookFailed)
    def enable_customer_plugin(self, info: Info, input: EnableCustomerPluginInput) -> EnableCustomerPluginPayload:
        """Enables a plugin for a customer; for the customer's operators."""
        info.context.require_in_view(input.customer)
        change = manager.enable(
            input.plugin,
            actor=info.context.actor,
            customer=input.customer,
            with_dependencies=input.enable_dependencies,
            only=results.read_only(input.only_plugins),
            reason=input.reason,
        )
        config, also = results.configs(info, change)
        return EnableCustomerPluginPayload(config=config, changed=change.changed, also_enabled=also)

    @mutation(NotFound, DependencyRefusal, HookFailed)
    def disable_customer_plugin(self, info: Info, input: DisableCustomerPluginInput) -> DisableCustomerPluginPayload:
        """Disables a plugin for a customer; for the customer's operators. Its rows and settings stay."""
        info.context.require_in_view(input.customer)
        change = manager.disable(
            input.plugin,
            actor=info.context.actor,
            customer=input.customer,
            with_dependents=input.disable_dependents,
            only=results.read_only(input.only_plugins),
            reason=input.reason,
        )
        config, also = results.configs(info, change)
        return DisableCustomerPluginPayload(config=config, changed=change.changed, also_disabled=also)

    @mutation(NotFound, DependencyRefusal, PluginUnavailable, HookFailed)
    def reset_customer_plugin(self, info: Info, input: ResetCustomerPluginInput) -> ResetCustomerPluginPayload:
        """Removes the customer's choice, so that the availability decides again; its settings stay."""
        info.context.require_in_view(input.customer)
        change = manager.reset(
            input.plugin,
            actor=info.context.actor,
            customer=input.customer,
            cascade=input.cascade,
            only=results.read_only(input.only_plugins),
            reason=input.reason,
        )
        config, also = results.configs(info, change)
        return ResetCustomerPluginPayload(config=config, changed=change.changed, also_changed=also)

    # It has a transaction for every hundred customers: in one with its answer, it would lock a thousand at once.
    @mutation(
        NotFound,
        PluginUnavailable,
        InvalidInput,
        ends="How setPluginForCustomers ends as a whole.",
        metadata=commits_itself,
    )
    def set_plugin_for_customers(self, info: Info, input: SetPluginForCustomersInput) -> SetPluginForCustomersPayload:
        """One outcome and one audit row per customer: some may be refused while others succeed."""
        for slug in input.customers:
            info.context.require_in_view(slug)
        outcomes = manager.apply_to_customers(
            input.plugin,
            actor=info.context.actor,
            customers=input.customers,
            action=input.action,
            cascade=input.cascade,
            reason=input.reason,
        )
        return SetPluginForCustomersPayload(
            outcomes=[CustomerPluginOutcome(**shown) for shown in results.outcomes(info, input.plugin, outcomes)],
            changed_count=sum(outcome.change is not None and outcome.change.changed for outcome in outcomes),
            refused_count=sum(outcome.refusal is not None for outcome in outcomes),
        )
