"""Changes plugins' settings, for everybody or for one customer."""

from __future__ import annotations

from typing import TypeAlias

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import input_type, object_type
from webnet.api.declarations.mutations import mutation
from webnet.api.operations.mutations import results
from webnet.api.request.context import Info
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.plugin import Plugin
from webnet.errors import Conflict, InvalidSettings, NotFound, PluginUnavailable, RevisionNotAvailable
from webnet.plugins import models
from webnet.plugins.manager import manager

PluginRow: TypeAlias = models.PluginConfig
ConfigRow: TypeAlias = models.CustomerPluginConfig

ALLOW_INVALID = "Make the change even if settings are then invalid; the plugin is not effective for those customers."


@input_type
class UpdatePluginSettingsInput:
    """`settings` is a JSON Merge Patch (RFC 7396) onto the global layer; give secrets in variables only."""

    plugin: str
    settings: JSON
    expected_revision: int | None = None
    allow_invalid: bool = strawberry.field(default=False, description=ALLOW_INVALID)
    reason: str | None = None


@object_type
class UpdatePluginSettingsPayload:
    """The plugin with its new global settings."""

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool


@input_type
class RevertPluginSettingsInput:
    """Secrets stay as they are, but `revision` 0 removes all of them and all settings: the defaults apply again."""

    plugin: str
    revision: int
    expected_revision: int | None = None
    allow_invalid: bool = strawberry.field(default=False, description=ALLOW_INVALID)
    reason: str | None = None


@object_type
class RevertPluginSettingsPayload:
    """The plugin with the restored global settings, as a new revision."""

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool


@input_type
class UpdateCustomerPluginSettingsInput:
    """`settings` is a JSON Merge Patch (RFC 7396) onto the customer's layer; give secrets in variables only."""

    customer: str
    plugin: str
    settings: JSON
    expected_revision: int | None = None
    reason: str | None = None


@object_type
class UpdateCustomerPluginSettingsPayload:
    """The config with the customer's new settings."""

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool


@input_type
class RevertCustomerPluginSettingsInput:
    """Secrets stay as they are, but with `revision` 0 the customer inherits everything again, including secrets."""

    customer: str
    plugin: str
    revision: int
    expected_revision: int | None = None
    reason: str | None = None


@object_type
class RevertCustomerPluginSettingsPayload:
    """The config with the customer's restored settings, as a new revision."""

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool


@strawberry.type
class SettingsMutations:
    @mutation(NotFound, Conflict, InvalidSettings, PluginUnavailable)
    def update_plugin_settings(self, info: Info, input: UpdatePluginSettingsInput) -> UpdatePluginSettingsPayload:
        change = manager.update_settings(
            input.plugin,
            actor=info.context.actor,
            patch=input.settings,
            expected_revision=input.expected_revision,
            allow_invalid=input.allow_invalid,
            reason=input.reason,
        )
        plugin, _ = results.plugins(info, change)
        return UpdatePluginSettingsPayload(plugin=plugin, changed=change.changed)

    @mutation(NotFound, Conflict, RevisionNotAvailable, InvalidSettings, PluginUnavailable)
    def revert_plugin_settings(self, info: Info, input: RevertPluginSettingsInput) -> RevertPluginSettingsPayload:
        """Restores the global settings of an earlier revision."""
        change = manager.revert_settings(
            input.plugin,
            actor=info.context.actor,
            revision=input.revision,
            expected_revision=input.expected_revision,
            allow_invalid=input.allow_invalid,
            reason=input.reason,
        )
        plugin, _ = results.plugins(info, change)
        return RevertPluginSettingsPayload(plugin=plugin, changed=change.changed)

    @mutation(NotFound, Conflict, InvalidSettings, PluginUnavailable)
    def update_customer_plugin_settings(
        self, info: Info, input: UpdateCustomerPluginSettingsInput
    ) -> UpdateCustomerPluginSettingsPayload:
        info.context.require_in_view(input.customer)
        change = manager.update_settings(
            input.plugin,
            actor=info.context.actor,
            patch=input.settings,
            customer=input.customer,
            expected_revision=input.expected_revision,
            reason=input.reason,
        )
        config, _ = results.configs(info, change)
        return UpdateCustomerPluginSettingsPayload(config=config, changed=change.changed)

    @mutation(NotFound, Conflict, RevisionNotAvailable, InvalidSettings, PluginUnavailable)
    def revert_customer_plugin_settings(
        self, info: Info, input: RevertCustomerPluginSettingsInput
    ) -> RevertCustomerPluginSettingsPayload:
        """Restores the customer's own settings of an earlier revision, or removes them."""
        info.context.require_in_view(input.customer)
        change = manager.revert_settings(
            input.plugin,
            actor=info.context.actor,
            revision=input.revision,
            customer=input.customer,
            expected_revision=input.expected_revision,
            reason=input.reason,
        )
        config, _ = results.configs(info, change)
        return RevertCustomerPluginSettingsPayload(config=config, changed=change.changed)
