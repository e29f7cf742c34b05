"""Plugins, for everybody."""

from __future__ import annotations

from typing import TypeAlias

import strawberry
from strawberry import UNSET

from webnet.api.declarations.fields import at_most, input_type, object_type
from webnet.api.declarations.mutations import commits_itself, mutation
from webnet.api.declarations.sizes import MAXIMUM_PLUGINS
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
    """If `availability` is null, it stays as it is."""

    plugin: str
    availability: Availability | None = None
    enable_dependencies: bool = False
    reason: str | None = None


@object_type
class EnablePluginPayload:
    """The enabled plugin, and the dependencies that were enabled with it."""

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool
    also_enabled: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])


@input_type
class DisablePluginInput:
    """The plugin to disable for everybody."""

    plugin: str
    disable_dependents: bool = False
    reason: str | None = None


@object_type
class DisablePluginPayload:
    """The disabled plugin, and the dependents that were disabled with it."""

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool
    also_disabled: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])


@input_type
class SetPluginAvailabilityInput:
    """The new availability, for everybody or for one customer."""

    plugin: str
    customer: str | None = None
    availability: Availability | None = None
    reason: str | None = None


@object_type
class SetPluginAvailabilityPayload:
    """The plugin, and the customer's config if a customer was given."""

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    changed: bool


@input_type
class ResumePluginInput:
    """What runs again."""

    plugin: str
    customer: str | None = None
    reason: str | None = None


@object_type
class ResumePluginPayload:
    """The plugin, and the customer's config if a customer was given."""

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    changed: bool


@input_type
class SyncPluginsInput:
    """Why the plugins are read again, for the audit log."""

    reason: str | None = None


@object_type
class SyncPluginsPayload:
    """What was found when the installed plugins were read again."""

    added: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])
    updated: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])
    missing: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])
    failed: list[PluginRow] = at_most(MAXIMUM_PLUGINS, graphql_type=list[Plugin])


@input_type
class CheckPluginHealthInput:
    """Whose health is checked: the platform's, or one customer's."""

    plugin: str
    customer: str | None = None


@object_type
class CheckPluginHealthPayload:
    """The stored result, and whose it is; `config` is set if a customer was given."""

    health: models.PluginHealth = strawberry.field(graphql_type=PluginHealth)
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)


@strawberry.type
class PluginMutations:
    @mutation(NotFound, DependencyRefusal, PluginUnavailable, HookFailed)
    def enable_plugin(self, info: Info, input: EnablePluginInput) -> EnablePluginPayload:
        """For a plugin that is enabled already, this only changes the availability, if one is given."""
        change = manager.enable(
            input.plugin,
            actor=info.context.actor,
            availability=input.availability,
            with_dependencies=input.enable_dependencies,
            reason=input.reason,
        )
        plugin, also = results.plugins(info, change)
        return EnablePluginPayload(plugin=plugin, changed=change.changed, also_enabled=also)

    @mutation(NotFound, DependencyRefusal, HookFailed)
    def disable_plugin(self, info: Info, input: DisablePluginInput) -> DisablePluginPayload:
        change = manager.disable(
            input.plugin,
            actor=info.context.actor,
            with_dependents=input.disable_dependents,
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
        reason = input.reason if input else None
        report = manager.sync(actor=info.context.actor, reason=reason)
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
        customer = input.customer
        info.context.require_in_view(customer)
        health = manager.check_health(input.plugin, actor=info.context.actor, customer=customer)
        config = results.config(info, customer, input.plugin) if customer is not None else None
        return CheckPluginHealthPayload(health=health, plugin=health.plugin, config=config)
