"""Plugins, for everybody."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from webnet.api.operations.mutations import results
from webnet.api.operations.mutations.inputs import given
from webnet.api.request.context import Info
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.health import PluginHealth
from webnet.api.types.plugin import Plugin
from webnet.api.types.refusals import DependencyRefusal, HookFailed, NotFound, PermissionDenied, PluginUnavailable
from webnet.api.vocabulary.declare import mutation
from webnet.api.vocabulary.enums import Availability
from webnet.plugins import models
from webnet.plugins.manager import manager

PluginRow: TypeAlias = models.PluginConfig


@strawberry.input(description="`availability` null leaves it as it is.")
class EnablePluginInput:
    plugin: str
    availability: Availability | None = UNSET
    enable_dependencies: bool = False
    reason: str | None = UNSET


@strawberry.type(description="The plugin, enabled; and its dependencies that were enabled with it.")
class EnablePluginPayload:
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool
    also_enabled: list[PluginRow] = strawberry.field(graphql_type=list[Plugin])


EnablePluginResult: TypeAlias = Annotated[
    EnablePluginPayload | PermissionDenied | NotFound | DependencyRefusal | PluginUnavailable | HookFailed,
    strawberry.union("EnablePluginResult", description="How enablePlugin ends."),
]


@strawberry.input(description="Which plugin stops for everybody.")
class DisablePluginInput:
    plugin: str
    disable_dependents: bool = False
    reason: str | None = UNSET


@strawberry.type(description="The plugin, disabled; and its dependents that were disabled with it.")
class DisablePluginPayload:
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool
    also_disabled: list[PluginRow] = strawberry.field(graphql_type=list[Plugin])


DisablePluginResult: TypeAlias = Annotated[
    DisablePluginPayload | PermissionDenied | NotFound | DependencyRefusal | HookFailed,
    strawberry.union("DisablePluginResult", description="How disablePlugin ends."),
]


@strawberry.input(description="For whom, and what.")
class SetPluginAvailabilityInput:
    plugin: str
    customer: str | None = UNSET
    availability: Availability | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The plugin, and the customer's config where one was given.")
class SetPluginAvailabilityPayload:
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    changed: bool


SetPluginAvailabilityResult: TypeAlias = Annotated[
    SetPluginAvailabilityPayload | PermissionDenied | NotFound | DependencyRefusal | HookFailed,
    strawberry.union("SetPluginAvailabilityResult", description="How setPluginAvailability ends."),
]


@strawberry.input(description="What runs again.")
class ResumePluginInput:
    plugin: str
    customer: str | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The plugin, and the customer's config where one was given.")
class ResumePluginPayload:
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    changed: bool


ResumePluginResult: TypeAlias = Annotated[
    ResumePluginPayload | PermissionDenied | NotFound,
    strawberry.union("ResumePluginResult", description="How resumePlugin ends."),
]


@strawberry.input(description="Why plugins are read anew, for the audit log.")
class SyncPluginsInput:
    reason: str | None = UNSET


@strawberry.type(description="What reading the installed plugins anew has found.")
class SyncPluginsPayload:
    added: list[PluginRow] = strawberry.field(graphql_type=list[Plugin])
    updated: list[PluginRow] = strawberry.field(graphql_type=list[Plugin])
    missing: list[PluginRow] = strawberry.field(graphql_type=list[Plugin])
    failed: list[PluginRow] = strawberry.field(graphql_type=list[Plugin])


SyncPluginsResult: TypeAlias = Annotated[
    SyncPluginsPayload | PermissionDenied,
    strawberry.union("SyncPluginsResult", description="How syncPlugins ends."),
]


@strawberry.input(description="Whose health is checked: the platform's, or one customer's.")
class CheckPluginHealthInput:
    plugin: str
    customer: str | None = UNSET


@strawberry.type(description="The stored result, and whose it is; `config` where a customer was given.")
class CheckPluginHealthPayload:
    health: models.PluginHealth = strawberry.field(graphql_type=PluginHealth)
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    config: models.CustomerPluginConfig | None = strawberry.field(graphql_type=CustomerPluginConfig | None)


CheckPluginHealthResult: TypeAlias = Annotated[
    CheckPluginHealthPayload | PermissionDenied | NotFound | PluginUnavailable,
    strawberry.union(
        "CheckPluginHealthResult",
        description="How checkPluginHealth ends; a check that raises is UNHEALTHY, not a refusal.",
    ),
]


@strawberry.type
class PluginMutations:
    @mutation(description="On an enabled plugin, this only changes the availability, where given.")
    def enable_plugin(self, info: Info, input: EnablePluginInput) -> EnablePluginResult:  # noqa: A002
        change = manager.enable(
            input.plugin,
            actor=info.context.actor,
            availability=given(input.availability),
            with_dependencies=input.enable_dependencies,
            reason=given(input.reason),
        )
        plugin, also = results.plugins(info, change)
        return EnablePluginPayload(plugin=plugin, changed=change.changed, also_enabled=also)

    @mutation()
    def disable_plugin(self, info: Info, input: DisablePluginInput) -> DisablePluginResult:  # noqa: A002
        change = manager.disable(
            input.plugin,
            actor=info.context.actor,
            with_dependents=input.disable_dependents,
            reason=given(input.reason),
        )
        plugin, also = results.plugins(info, change)
        return DisablePluginPayload(plugin=plugin, changed=change.changed, also_disabled=also)

    @mutation(
        description=("For all customers, or for one; null for one customer means the plugin's again. Operators only.")
    )
    def set_plugin_availability(
        self,
        info: Info,
        input: SetPluginAvailabilityInput,  # noqa: A002
    ) -> SetPluginAvailabilityResult:
        info.context.require_in_view(given(input.customer))
        change = manager.set_availability(
            input.plugin,
            actor=info.context.actor,
            availability=given(input.availability),
            customer=given(input.customer),
            reason=given(input.reason),
        )
        plugin, _ = results.plugins(info, change)
        config = results.find_config(info, change)
        return SetPluginAvailabilityPayload(plugin=plugin, config=config, changed=change.changed)

    @mutation(description="Ends a pause, for everybody or for one customer.")
    def resume_plugin(self, info: Info, input: ResumePluginInput) -> ResumePluginResult:  # noqa: A002
        info.context.require_in_view(given(input.customer))
        change = manager.resume(
            input.plugin, actor=info.context.actor, customer=given(input.customer), reason=given(input.reason)
        )
        plugin, _ = results.plugins(info, change)
        config = results.find_config(info, change)
        return ResumePluginPayload(plugin=plugin, config=config, changed=change.changed)

    @mutation()
    def sync_plugins(self, info: Info, input: SyncPluginsInput | None = UNSET) -> SyncPluginsResult:  # noqa: A002
        reason = given(input.reason) if input else None
        report = manager.sync(actor=info.context.actor, reason=reason)
        added, updated, missing, failed = results.synced(info, report)
        return SyncPluginsPayload(added=added, updated=updated, missing=missing, failed=failed)

    @mutation()
    def check_plugin_health(
        self,
        info: Info,
        input: CheckPluginHealthInput,  # noqa: A002
    ) -> CheckPluginHealthResult:
        customer = given(input.customer)
        info.context.require_in_view(customer)
        health = manager.check_health(input.plugin, actor=info.context.actor, customer=customer)
        config = results.config(info, customer, input.plugin) if customer is not None else None
        return CheckPluginHealthPayload(health=health, plugin=health.plugin, config=config)
