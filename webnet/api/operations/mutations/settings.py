"""Plugins' settings, for everybody and for one customer."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from webnet.api.operations.mutations import results
from webnet.api.operations.mutations.inputs import given
from webnet.api.request.context import Info
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.plugin import Plugin
from webnet.api.types.refusals import (
    Conflict,
    InvalidSettings,
    NotFound,
    PermissionDenied,
    PluginUnavailable,
    RevisionNotAvailable,
)
from webnet.api.vocabulary.declare import mutation
from webnet.plugins import models
from webnet.plugins.manager import manager

PluginRow: TypeAlias = models.PluginConfig
ConfigRow: TypeAlias = models.CustomerPluginConfig

ALLOW_INVALID = "Also where settings then do not fit; the plugin is not effective for those customers."


@strawberry.input(
    description=("`settings` is a JSON Merge Patch (RFC 7396) onto the global layer; give secrets in variables only.")
)
class UpdatePluginSettingsInput:
    plugin: str
    settings: JSON
    expected_revision: int | None = UNSET
    allow_invalid: bool = strawberry.field(default=False, description=ALLOW_INVALID)
    reason: str | None = UNSET


@strawberry.type(description="The plugin with its new global settings.")
class UpdatePluginSettingsPayload:
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool


UpdatePluginSettingsResult: TypeAlias = Annotated[
    UpdatePluginSettingsPayload | PermissionDenied | NotFound | Conflict | InvalidSettings | PluginUnavailable,
    strawberry.union("UpdatePluginSettingsResult", description="How updatePluginSettings ends."),
]


@strawberry.input(
    description="Secrets stay as they are; but `revision` 0 removes all, secrets too, so that the defaults hold again."
)
class RevertPluginSettingsInput:
    plugin: str
    revision: int
    expected_revision: int | None = UNSET
    allow_invalid: bool = strawberry.field(default=False, description=ALLOW_INVALID)
    reason: str | None = UNSET


@strawberry.type(description="The plugin with its global settings of then, as a new revision.")
class RevertPluginSettingsPayload:
    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool


RevertPluginSettingsResult: TypeAlias = Annotated[
    RevertPluginSettingsPayload
    | PermissionDenied
    | NotFound
    | Conflict
    | RevisionNotAvailable
    | InvalidSettings
    | PluginUnavailable,
    strawberry.union("RevertPluginSettingsResult", description="How revertPluginSettings ends."),
]


@strawberry.input(
    description=(
        "`settings` is a JSON Merge Patch (RFC 7396) onto the customer's layer; give secrets in variables only."
    )
)
class UpdateCustomerPluginSettingsInput:
    customer: str
    plugin: str
    settings: JSON
    expected_revision: int | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The config with the customer's new settings.")
class UpdateCustomerPluginSettingsPayload:
    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool


UpdateCustomerPluginSettingsResult: TypeAlias = Annotated[
    UpdateCustomerPluginSettingsPayload | PermissionDenied | NotFound | Conflict | InvalidSettings | PluginUnavailable,
    strawberry.union("UpdateCustomerPluginSettingsResult", description="How updateCustomerPluginSettings ends."),
]


@strawberry.input(
    description="Secrets stay as they are; but `revision` 0 goes back to inheriting everything, secrets too."
)
class RevertCustomerPluginSettingsInput:
    customer: str
    plugin: str
    revision: int
    expected_revision: int | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The config with the customer's settings of then, as a new revision.")
class RevertCustomerPluginSettingsPayload:
    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool


RevertCustomerPluginSettingsResult: TypeAlias = Annotated[
    RevertCustomerPluginSettingsPayload
    | PermissionDenied
    | NotFound
    | Conflict
    | RevisionNotAvailable
    | InvalidSettings
    | PluginUnavailable,
    strawberry.union("RevertCustomerPluginSettingsResult", description="How revertCustomerPluginSettings ends."),
]


@strawberry.type
class SettingsMutations:
    @mutation()
    def update_plugin_settings(
        self,
        info: Info,
        input: UpdatePluginSettingsInput,  # noqa: A002
    ) -> UpdatePluginSettingsResult:
        change = manager.update_settings(
            input.plugin,
            actor=info.context.actor,
            patch=input.settings,
            expected_revision=given(input.expected_revision),
            allow_invalid=input.allow_invalid,
            reason=given(input.reason),
        )
        plugin, _ = results.plugins(info, change)
        return UpdatePluginSettingsPayload(plugin=plugin, changed=change.changed)

    @mutation(description="Back to the global settings of an earlier revision.")
    def revert_plugin_settings(
        self,
        info: Info,
        input: RevertPluginSettingsInput,  # noqa: A002
    ) -> RevertPluginSettingsResult:
        change = manager.revert_settings(
            input.plugin,
            actor=info.context.actor,
            revision=input.revision,
            expected_revision=given(input.expected_revision),
            allow_invalid=input.allow_invalid,
            reason=given(input.reason),
        )
        plugin, _ = results.plugins(info, change)
        return RevertPluginSettingsPayload(plugin=plugin, changed=change.changed)

    @mutation()
    def update_customer_plugin_settings(
        self,
        info: Info,
        input: UpdateCustomerPluginSettingsInput,  # noqa: A002
    ) -> UpdateCustomerPluginSettingsResult:
        info.context.require_in_view(input.customer)
        change = manager.update_settings(
            input.plugin,
            actor=info.context.actor,
            patch=input.settings,
            customer=input.customer,
            expected_revision=given(input.expected_revision),
            reason=given(input.reason),
        )
        config, _ = results.configs(info, change)
        return UpdateCustomerPluginSettingsPayload(config=config, changed=change.changed)

    @mutation(description="Back to the customer's own settings of an earlier revision, or to none.")
    def revert_customer_plugin_settings(
        self,
        info: Info,
        input: RevertCustomerPluginSettingsInput,  # noqa: A002
    ) -> RevertCustomerPluginSettingsResult:
        info.context.require_in_view(input.customer)
        change = manager.revert_settings(
            input.plugin,
            actor=info.context.actor,
            revision=input.revision,
            customer=input.customer,
            expected_revision=given(input.expected_revision),
            reason=given(input.reason),
        )
        config, _ = results.configs(info, change)
        return RevertCustomerPluginSettingsPayload(config=config, changed=change.changed)
