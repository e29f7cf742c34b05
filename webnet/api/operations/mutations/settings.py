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

EXPECTED_REVISION = (
    "The revision that the change is based on: if the layer has another one by now, it is refused with "
    "REVISION_CONFLICT; null changes it in any case."
)
ALLOW_INVALID = "Make the change even if settings are then invalid; the plugin is not effective for those customers."


@input_type
class UpdatePluginSettingsInput:
    """What to change in a plugin's global settings.

    Attributes:
        plugin: The plugin's name.
        settings: What to change, as a JSON Merge Patch (RFC 7396): null removes a value. Give secrets in a variable, so
            that no log of documents has them.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    settings: JSON
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED_REVISION)
    allow_invalid: bool = strawberry.field(default=False, description=ALLOW_INVALID)
    reason: str | None = None


@object_type
class UpdatePluginSettingsPayload:
    """The plugin with its new settings.

    Attributes:
        plugin: The plugin as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool


@input_type
class RevertPluginSettingsInput:
    """Which global settings to restore.

    Attributes:
        plugin: The plugin's name.
        revision: The revision to restore; secrets stay as they are. 0 removes all settings and secrets, so that the
            defaults apply.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    plugin: str
    revision: int
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED_REVISION)
    allow_invalid: bool = strawberry.field(default=False, description=ALLOW_INVALID)
    reason: str | None = None


@object_type
class RevertPluginSettingsPayload:
    """The plugin with the restored settings, as a new revision.

    Attributes:
        plugin: The plugin as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    plugin: PluginRow = strawberry.field(graphql_type=Plugin)
    changed: bool


@input_type
class UpdateCustomerPluginSettingsInput:
    """What to change in a customer's settings of a plugin.

    Attributes:
        customer: The customer's slug.
        plugin: The plugin's name.
        settings: What to change, as a JSON Merge Patch (RFC 7396): null removes a value. Give secrets in a variable, so
            that no log of documents has them.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    plugin: str
    settings: JSON
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED_REVISION)
    reason: str | None = None


@object_type
class UpdateCustomerPluginSettingsPayload:
    """The customer's new settings.

    Attributes:
        config: The plugin for the customer, as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool


@input_type
class RevertCustomerPluginSettingsInput:
    """Which settings of a customer to restore.

    Attributes:
        customer: The customer's slug.
        plugin: The plugin's name.
        revision: The revision to restore; secrets stay as they are. With 0 the customer inherits everything again,
            secrets as well.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    plugin: str
    revision: int
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED_REVISION)
    reason: str | None = None


@object_type
class RevertCustomerPluginSettingsPayload:
    """The customer's restored settings, as a new revision.

    Attributes:
        config: The plugin for the customer, as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    config: ConfigRow = strawberry.field(graphql_type=CustomerPluginConfig)
    changed: bool


@strawberry.type
class SettingsMutations:
    @mutation(NotFound, Conflict, InvalidSettings, PluginUnavailable)
    def update_plugin_settings(self, info: Info, input: UpdatePluginSettingsInput) -> UpdatePluginSettingsPayload:
        """Changes a plugin's global settings; for platform operators."""
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
        """Changes a customer's own settings of a plugin; for the customer's operators."""
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
