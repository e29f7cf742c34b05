"""Plugins, for everybody."""

from __future__ import annotations

from typing import TypeAlias

import strawberry
from strawberry import UNSET

from webnet.api.declarations.fields import at_most, input_type, object_type
from webnet.api.declarations.mutations import commits_itself, mutation
from webnet.api.declarations.sizes import MAXIMUM_PLUGINS
from webnet.api.engine.plugin_schemas import list_plugin_schemas
from webnet.api.operations.mutations import results
from webnet.api.request.context import Info
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.health import PluginHealth
from webnet.api.types.plugin import Plugin
from webnet.api.vocabulary.enums import Availability
from webnet.errors import DependencyRefusal, HookFailed, NotFound, PluginUnavailable
from webnet.plugins import models
from webnet.plugins.manager import manager

PluginRow: TypeAlias = models.PluginConfig


@input_type
class EnablePluginInput:
    """Which plugin to enable for everybody.

    Attributes:
        plugin: The plugin's name.
        availability: What customers may choose from now on; null leaves it as it is.
        enable_dependencies: Whether to enable the plugins that it needs as well; otherwise it is refused while one of
            them is disabled.
        only_plugins: Change no other plugins than these, such as those in the steps of a plan: if it would, it is
            refused with PLAN_CHANGED. Null allows all.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    availability: Availability | None = None
    enable_dependencies: bool = False
    only_plugins: list[str] | None = None
    reason: str | None = None


@object_type
class EnablePluginPayload:
    """What was enabled for everybody.

    Attributes:
        plugin: The plugin as it is now.
        changed: Whether anything was changed; false if it was so already.
        also_enabled: The dependencies that were enabled with it.
    """

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool
    also_enabled: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])


@input_type
class DisablePluginInput:
    """Which plugin to disable for everybody.

    Attributes:
        plugin: The plugin's name.
        disable_dependents: Whether to disable the plugins that need it as well; otherwise it is refused while one of
            them is enabled.
        only_plugins: Change no other plugins than these, such as those in the steps of a plan: if it would, it is
            refused with PLAN_CHANGED. Null allows all.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    disable_dependents: bool = False
    only_plugins: list[str] | None = None
    reason: str | None = None


@object_type
class DisablePluginPayload:
    """What was disabled for everybody.

    Attributes:
        plugin: The plugin as it is now.
        changed: Whether anything was changed; false if it was so already.
        also_disabled: The dependents that were disabled with it.
    """

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool
    also_disabled: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])


@input_type
class SetPluginAvailabilityInput:
    """What customers may choose, for all of them or for one.

    Attributes:
        plugin: The plugin's name.
        customer: The slug of the one customer; null for all.
        availability: The new availability; for one customer, null makes the plugin's apply again.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    customer: str | None = None
    availability: Availability | None = None
    reason: str | None = None


@object_type
class SetPluginAvailabilityPayload:
    """What has the new availability.

    Attributes:
        plugin: The plugin as it is now.
        config: The plugin for the customer, as it is now; null if no customer was given.
        changed: Whether anything was changed; false if it was so already.
    """

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    changed: bool


@input_type
class ResumePluginInput:
    """Which pause to end.

    Attributes:
        plugin: The plugin's name.
        customer: The slug of the customer whose pause ends; null for the pause for everybody.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    customer: str | None = None
    reason: str | None = None


@object_type
class ResumePluginPayload:
    """What runs again.

    Attributes:
        plugin: The plugin as it is now.
        config: The plugin for the customer, as it is now; null if no customer was given.
        changed: Whether anything was changed; false if it was so already.
    """

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    changed: bool


@input_type
class SyncPluginsInput:
    """Why the plugins are read again.

    Attributes:
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    reason: str | None = None


@object_type
class SyncPluginsPayload:
    """What was found when the installed plugins were read again.

    Attributes:
        added: Plugins that were not known before.
        updated: Plugins whose manifests have changed.
        missing: Plugins that are not installed any more.
        failed: Plugins that can't be loaded.
    """

    added: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])
    updated: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])
    missing: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])
    failed: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])


@input_type
class CheckPluginHealthInput:
    """Which check to run.

    Attributes:
        plugin: The plugin's name.
        customer: The slug of the customer to check for; null to check for the platform.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    customer: str | None = None
    reason: str | None = None


@object_type
class CheckPluginHealthPayload:
    """The result of the check.

    Attributes:
        health: The result, which is stored.
        plugin: The plugin as it is now.
        config: The plugin for the customer, as it is now; null if no customer was given.
    """

    health: models.PluginHealth = strawberry.field(graphql_type=PluginHealth)
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)


@strawberry.type
class PluginMutations:
    @mutation(NotFound, DependencyRefusal, PluginUnavailable, HookFailed)
    def enable_plugin(self, info: Info, input: EnablePluginInput) -> EnablePluginPayload:
        """Enables a plugin for everybody, or changes the availability of one that is enabled; for platform
        operators.
        """
        change = manager.enable(
            input.plugin,
            actor=info.context.actor,
            availability=input.availability,
            with_dependencies=input.enable_dependencies,
            only=results.read_only(input.only_plugins),
            reason=input.reason,
        )
        plugin, also = results.plugins(info, change)
        return EnablePluginPayload(plugin=plugin, changed=change.changed, also_enabled=also)

    @mutation(NotFound, DependencyRefusal, HookFailed)
    def disable_plugin(self, info: Info, input: DisablePluginInput) -> DisablePluginPayload:
        """Disables a plugin for everybody; for platform operators. Its rows, settings and customers' choices stay."""
        change = manager.disable(
            input.plugin,
            actor=info.context.actor,
            with_dependents=input.disable_dependents,
            only=results.read_only(input.only_plugins),
            reason=input.reason,
        )
        plugin, also = results.plugins(info, change)
        return DisablePluginPayload(plugin=plugin, changed=change.changed, also_disabled=also)

    @mutation(NotFound, DependencyRefusal, HookFailed)
    def set_plugin_availability(self, info: Info, input: SetPluginAvailabilityInput) -> SetPluginAvailabilityPayload:
        """For all customers, or for one, where null means that the plugin's applies again. For platform operators."""
        info.context.require_in_view(input.customer)
        change = manager.set_availability(
            input.plugin,
            actor=info.context.actor,
            availability=input.availability,
            customer=input.customer,
            reason=input.reason,
        )
        plugin, _ = results.plugins(info, change)
        config = results.find_config(info, change)
        return SetPluginAvailabilityPayload(plugin=plugin, config=config, changed=change.changed)

    @mutation(NotFound)
    def resume_plugin(self, info: Info, input: ResumePluginInput) -> ResumePluginPayload:
        """Ends a pause, for everybody or for one customer."""
        info.context.require_in_view(input.customer)
        change = manager.resume(input.plugin, actor=info.context.actor, customer=input.customer, reason=input.reason)
        plugin, _ = results.plugins(info, change)
        config = results.find_config(info, change)
        return ResumePluginPayload(plugin=plugin, config=config, changed=change.changed)

    @mutation()
    def sync_plugins(self, info: Info, input: SyncPluginsInput | None = UNSET) -> SyncPluginsPayload:
        """Reads the manifests of the installed plugins again; for platform operators."""
        reason = input.reason if input else None
        report = manager.sync(actor=info.context.actor, reason=reason, schemas=list_plugin_schemas())
        added, updated, missing, failed = results.synced(info, report)
        return SyncPluginsPayload(added=added, updated=updated, missing=missing, failed=failed)

    # No lock may be held while a plugin's check runs.
    @mutation(
        NotFound,
        PluginUnavailable,
        ends="How checkPluginHealth ends; a check that raises is UNHEALTHY, not a refusal.",
        metadata=commits_itself,
    )
    def check_plugin_health(self, info: Info, input: CheckPluginHealthInput) -> CheckPluginHealthPayload:
        """Runs the plugin's health check now, and stores the result."""
        customer = input.customer
        info.context.require_in_view(customer)
        health = manager.check_health(input.plugin, actor=info.context.actor, customer=customer, reason=input.reason)
        config = results.config(info, customer, input.plugin) if customer is not None else None
        return CheckPluginHealthPayload(health=health, plugin=health.plugin, config=config)
