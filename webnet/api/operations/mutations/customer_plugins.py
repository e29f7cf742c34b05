"""Plugins, for one customer or several."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from webnet.api.operations.mutations import results
from webnet.api.operations.mutations.inputs import given
from webnet.api.request.context import Info
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.refusals import (
    DependencyRefusal,
    HookFailed,
    InvalidInput,
    NotFound,
    PermissionDenied,
    PluginUnavailable,
    Refusal,
)
from webnet.api.vocabulary.declare import mutation
from webnet.api.vocabulary.enums import PlanAction
from webnet.plugins import models
from webnet.plugins.manager import manager

ConfigRow: TypeAlias = models.CustomerPluginConfig


@strawberry.input(description="Which plugin a customer chooses.")
class EnableCustomerPluginInput:
    customer: str
    plugin: str
    enable_dependencies: bool = False
    reason: str | None = UNSET


@strawberry.type(description="The choice made, and those made with it.")
class EnableCustomerPluginPayload:
    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool
    also_enabled: list[ConfigRow] = strawberry.field(graphql_type=list[CustomerPluginConfig])


EnableCustomerPluginResult: TypeAlias = Annotated[
    EnableCustomerPluginPayload | PermissionDenied | NotFound | DependencyRefusal | PluginUnavailable | HookFailed,
    strawberry.union("EnableCustomerPluginResult", description="How enableCustomerPlugin ends."),
]


@strawberry.input(description="Which plugin a customer declines.")
class DisableCustomerPluginInput:
    customer: str
    plugin: str
    disable_dependents: bool = False
    reason: str | None = UNSET


@strawberry.type(description="The choice made, and those made with it.")
class DisableCustomerPluginPayload:
    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool
    also_disabled: list[ConfigRow] = strawberry.field(graphql_type=list[CustomerPluginConfig])


DisableCustomerPluginResult: TypeAlias = Annotated[
    DisableCustomerPluginPayload | PermissionDenied | NotFound | DependencyRefusal | HookFailed,
    strawberry.union("DisableCustomerPluginResult", description="How disableCustomerPlugin ends."),
]


@strawberry.input(
    description=(
        "`cascade` also enables the dependencies or disables the dependents, whichever the availability asks for."
    )
)
class ResetCustomerPluginInput:
    customer: str
    plugin: str
    cascade: bool = False
    reason: str | None = UNSET


@strawberry.type(description="The choice forgotten, and the other choices that this changed.")
class ResetCustomerPluginPayload:
    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool
    also_changed: list[ConfigRow] = strawberry.field(graphql_type=list[CustomerPluginConfig])


ResetCustomerPluginResult: TypeAlias = Annotated[
    ResetCustomerPluginPayload | PermissionDenied | NotFound | DependencyRefusal | PluginUnavailable | HookFailed,
    strawberry.union("ResetCustomerPluginResult", description="How resetCustomerPlugin ends."),
]


@strawberry.input(
    description=(
        "At most 100 slugs (for everybody, use the availability); `cascade` also enables dependencies or disables "
        "dependents."
    )
)
class SetPluginForCustomersInput:
    plugin: str
    customers: list[str]
    action: PlanAction
    cascade: bool = False
    reason: str | None = UNSET


@strawberry.type(description="What became of one customer: its config, or the refusal.")
class CustomerPluginOutcome:
    customer_slug: str
    changed: bool
    config: ConfigRow | None = strawberry.field(graphql_type=CustomerPluginConfig | None)
    refusal: Refusal | None


@strawberry.type(description="One outcome for every customer given, in that order.")
class SetPluginForCustomersPayload:
    outcomes: list[CustomerPluginOutcome]
    changed_count: int
    refused_count: int


SetPluginForCustomersResult: TypeAlias = Annotated[
    SetPluginForCustomersPayload | PermissionDenied | NotFound | PluginUnavailable | InvalidInput,
    strawberry.union("SetPluginForCustomersResult", description="How setPluginForCustomers ends, as a whole."),
]


@strawberry.type
class CustomerPluginMutations:
    @mutation()
    def enable_customer_plugin(
        self,
        info: Info,
        input: EnableCustomerPluginInput,  # noqa: A002
    ) -> EnableCustomerPluginResult:
        info.context.require_in_view(input.customer)
        change = manager.enable(
            input.plugin,
            actor=info.context.actor,
            customer=input.customer,
            with_dependencies=input.enable_dependencies,
            reason=given(input.reason),
        )
        config, also = results.configs(info, change)
        return EnableCustomerPluginPayload(config=config, changed=change.changed, also_enabled=also)

    @mutation()
    def disable_customer_plugin(
        self,
        info: Info,
        input: DisableCustomerPluginInput,  # noqa: A002
    ) -> DisableCustomerPluginResult:
        info.context.require_in_view(input.customer)
        change = manager.disable(
            input.plugin,
            actor=info.context.actor,
            customer=input.customer,
            with_dependents=input.disable_dependents,
            reason=given(input.reason),
        )
        config, also = results.configs(info, change)
        return DisableCustomerPluginPayload(config=config, changed=change.changed, also_disabled=also)

    @mutation(description="Back to what the availability says; the customer's settings stay.")
    def reset_customer_plugin(
        self,
        info: Info,
        input: ResetCustomerPluginInput,  # noqa: A002
    ) -> ResetCustomerPluginResult:
        info.context.require_in_view(input.customer)
        change = manager.reset(
            input.plugin,
            actor=info.context.actor,
            customer=input.customer,
            cascade=input.cascade,
            reason=given(input.reason),
        )
        config, also = results.configs(info, change)
        return ResetCustomerPluginPayload(config=config, changed=change.changed, also_changed=also)

    @mutation(description="One transaction and one answer per customer: some may be refused while others succeed.")
    def set_plugin_for_customers(
        self,
        info: Info,
        input: SetPluginForCustomersInput,  # noqa: A002
    ) -> SetPluginForCustomersResult:
        for slug in input.customers:
            info.context.require_in_view(slug)
        outcomes = manager.apply_to_customers(
            input.plugin,
            actor=info.context.actor,
            customers=input.customers,
            action=input.action,
            cascade=input.cascade,
            reason=given(input.reason),
        )
        return SetPluginForCustomersPayload(
            outcomes=[CustomerPluginOutcome(**shown) for shown in results.outcomes(info, input.plugin, outcomes)],
            changed_count=sum(outcome.change is not None and outcome.change.changed for outcome in outcomes),
            refused_count=sum(outcome.refusal is not None for outcome in outcomes),
        )
