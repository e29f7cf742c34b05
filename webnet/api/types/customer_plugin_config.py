"""One plugin for one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.connections import UncountedConnection, connection
from webnet.api.declarations.fields import field, row_type
from webnet.api.declarations.sizes import MAXIMUM_REASONS, MAXIMUM_SETTINGS
from webnet.api.declarations.state_reads import StateRead
from webnet.api.paging.pages import Page, PageArguments
from webnet.api.request.context import Info
from webnet.api.resolvers import histories, last_changes, listings, settings_view
from webnet.api.resolvers.filters import CustomerPluginConfigFilter
from webnet.api.resolvers.settings_view import ShownSettings
from webnet.api.types.audit_log import PluginAuditLog
from webnet.api.types.health import PluginHealth
from webnet.api.types.settings_history import SettingsChange
from webnet.api.values.references import CustomerRef, PluginRef
from webnet.api.values.settings import SecretSetting, SettingSource
from webnet.api.vocabulary.enums import Availability, IneffectiveCode
from webnet.api.vocabulary.node import Node, global_id
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog as AuditRow
from webnet.customers.models import Customer
from webnet.plugins import models
from webnet.values.viewer_language import for_viewer


def show_for_customer(config: models.CustomerPluginConfig, info: Info) -> ShownSettings:
    """The customer's layer; platform-only settings are shown only to platform operators."""
    return ShownSettings(config.plugin, config, sees_all=info.context.actor.is_platform_operator)


@row_type(models.CustomerPluginConfig, filter=CustomerPluginConfigFilter)
class CustomerPluginConfig(Node):
    """One plugin for one customer; its id stands for the pair, so it stays the same when a first choice is made.

    Attributes:
        settings_revision: The number of changes of the customer's layer of settings, for `expectedRevision`.
    """

    settings_revision: int

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def id(root: strawberry.Parent[models.CustomerPluginConfig]) -> strawberry.ID:
        """The global id; it stands for the pair of customer and plugin."""
        return global_id("CustomerPluginConfig", f"{root.customer.slug}/{root.plugin.name}")

    @field(graphql_type=CustomerRef, reads=StateRead.ANYWHERE)
    @staticmethod
    def customer(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Customer | None:
        """The customer."""
        return info.context.reading.customers.get(root.customer_id)

    @field(graphql_type=PluginRef, reads=StateRead.ANYWHERE)
    @staticmethod
    def plugin(root: strawberry.Parent[models.CustomerPluginConfig]) -> models.PluginConfig:
        """The plugin."""
        return root.plugin

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def enabled(root: strawberry.Parent[models.CustomerPluginConfig]) -> bool | None:
        """The customer's own choice; null if it has made none."""
        return root.enabled

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def availability(root: strawberry.Parent[models.CustomerPluginConfig]) -> Availability:
        """What the customer may choose: the plugin's availability, unless the operator has set another one for this
        customer.
        """
        return Availability(root.availability or root.plugin.availability)

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def effective(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> bool:
        """Whether the plugin is effective for the customer: its fields, pages and permissions exist, and its code
        runs.
        """
        return listings.is_effective(info.context.reading, root)

    @field(maximum=MAXIMUM_REASONS, reads=StateRead.ANYWHERE)
    @staticmethod
    def ineffective_reasons(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[str]:
        """Why the plugin is not effective for the customer, in sentences; empty if it is."""
        return [for_viewer(reason.message) for reason in listings.reasons(info.context.reading, root)]

    @field(maximum=MAXIMUM_REASONS, reads=StateRead.ANYWHERE)
    @staticmethod
    def ineffective_codes(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[IneffectiveCode]:
        """The same reasons as codes for programs, in the same order as `ineffectiveReasons`."""
        return [reason.code for reason in listings.reasons(info.context.reading, root)]

    @field(graphql_type=JSON, reads=StateRead.ANYWHERE)
    @staticmethod
    def settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Json:
        """The values of the customer's layer alone, without secrets, and without platform-only settings for viewers who
        are not platform operators.
        """
        return show_for_customer(root, info).own()

    @field(graphql_type=JSON, reads=StateRead.ANYWHERE)
    @staticmethod
    def inherited_settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Json:
        """The global layer merged onto the schema's defaults, which hold where the customer's layer sets nothing;
        without what `settings` leaves out.
        """
        return show_for_customer(root, info).inherited()

    @field(graphql_type=JSON, reads=StateRead.ANYWHERE)
    @staticmethod
    def effective_settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Json:
        """All layers merged: the customer's onto the global one onto the schema's defaults; without what `settings`
        lacks.
        """
        return settings_view.find_effective(info.context.reading, root)

    @field(maximum=MAXIMUM_SETTINGS, reads=StateRead.ANYWHERE)
    @staticmethod
    def setting_sources(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[SettingSource]:
        """The layer that each value of `effectiveSettings` comes from."""
        return show_for_customer(root, info).sources()

    @field(maximum=MAXIMUM_SETTINGS, reads=StateRead.ANYWHERE)
    @staticmethod
    def secret_settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[SecretSetting]:
        """The secrets of the customer's layer and whether they are set."""
        return show_for_customer(root, info).secrets()

    @connection(UncountedConnection[SettingsChange] | None)
    @staticmethod
    def settings_history(
        root: strawberry.Parent[models.CustomerPluginConfig], info: Info, arguments: PageArguments
    ) -> Page[AuditRow] | None:
        """The changes of the customer's layer, newest first; null for the role VIEWER."""
        return histories.settings_of(info, root.plugin, root, arguments)

    @field(graphql_type=PluginHealth | None)
    @staticmethod
    def health(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> models.PluginHealth | None:
        """The last check for this customer; null if there was none."""
        return info.context.reading.find_health(root.plugin, customer_id=root.customer_id)

    @connection(UncountedConnection[PluginHealth])
    @staticmethod
    def health_history(
        root: strawberry.Parent[models.CustomerPluginConfig], info: Info, arguments: PageArguments
    ) -> Page[models.PluginHealth]:
        """The checks for this customer, newest first, as many as are kept."""
        return histories.health_of_config(info, root, arguments)

    @field(graphql_type=PluginAuditLog | None)
    @staticmethod
    def last_change(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> AuditRow | None:
        """The last change for this customer: of the choice, the availability, the settings, a pause or a role's
        permission. Null if the audit log has none, and for the role VIEWER.
        """
        return last_changes.of_config(info.context.reading, root)

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def created_at(root: strawberry.Parent[models.CustomerPluginConfig]) -> datetime | None:
        """The first change; null if there was none."""
        return root.created_at  # of an unsaved config: None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def updated_at(root: strawberry.Parent[models.CustomerPluginConfig]) -> datetime | None:
        """The last change; null if there was none."""
        return root.updated_at  # of an unsaved config: None

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.CustomerPluginConfig | None]:
        pairs = {key: (slug, plugin) for key in keys for slug, _, plugin in [key.partition("/")]}
        reading = info.context.reading
        existing = reading.find_customers([slug for slug, _ in pairs.values()])
        found = {
            key: listings.find_config(reading, *pair) if pair[0] in existing else None for key, pair in pairs.items()
        }
        reading.remember_plugins(config.plugin for config in found.values() if config is not None)
        return found
