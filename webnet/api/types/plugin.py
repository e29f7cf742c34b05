"""A plugin as the platform knows it, and pages of them."""

from __future__ import annotations

from datetime import datetime

import strawberry
import strawberry_django
from strawberry import UNSET, relay
from strawberry.scalars import JSON

from webnet.api.paging.connections import Page
from webnet.api.paging.page_request import PageInfo
from webnet.api.request.context import Info
from webnet.api.resolvers import histories, listings
from webnet.api.resolvers.filters import CustomerPluginConfigFilter, PluginAuditLogFilter
from webnet.api.resolvers.settings_view import ShownSettings
from webnet.api.types.health import PluginHealth
from webnet.api.values.references import (
    AuditLogsRef,
    ConfigsRef,
    ContributionsRef,
    HealthHistoryRef,
    SettingsHistoryRef,
)
from webnet.api.values.settings import SecretSetting, SettingSource
from webnet.api.vocabulary.columns import Column
from webnet.api.vocabulary.declare import field
from webnet.api.vocabulary.enums import Availability, PluginStatus
from webnet.api.vocabulary.node import Node, global_id
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog
from webnet.plugins import models


@strawberry.type(description="What a plugin needs; `plugin` is null where it is not installed, `specifier` is PEP 440.")
class PluginDependency:
    name: str
    specifier: str
    is_satisfied: bool

    @field(graphql_type="Plugin | None")
    def plugin(self, info: Info) -> models.PluginConfig | None:
        return info.context.reading.find_plugin(self.name)


def show_globally(plugin: models.PluginConfig, info: Info) -> ShownSettings | None:
    """The global layer, for platform operators only."""
    return ShownSettings(plugin, sees_all=True) if info.context.actor.is_platform_operator else None


@strawberry_django.type(
    models.PluginConfig,
    field_cls=Column,
    name="Plugin",
    description=(
        "A plugin, as the platform knows it. What concerns other customers or the inside of the platform is null "
        "to those who are no operators of it."
    ),
)
class Plugin(Node):
    name: str
    verbose_name: str
    version: str | None
    author: str
    description: str
    status: PluginStatus
    synced_at: datetime
    enabled: bool
    availability: Availability
    settings_revision: int

    @field(description="`version` is null while the plugin has never loaded.")
    @staticmethod
    def id(root: strawberry.Parent[models.PluginConfig]) -> strawberry.ID:
        return global_id("Plugin", root.name)

    @field()
    @staticmethod
    def homepage(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        return root.homepage or None

    @field()
    @staticmethod
    def status_reason(root: strawberry.Parent[models.PluginConfig], info: Info) -> str | None:
        return root.status_reason or None if info.context.actor.is_platform_operator else None

    @field(description="Where the reason was raised; null where nothing was, and to those who are no operators.")
    @staticmethod
    def status_traceback(root: strawberry.Parent[models.PluginConfig], info: Info) -> str | None:
        return root.status_traceback or None if info.context.actor.is_platform_operator else None

    @field(graphql_type=list[PluginDependency], description="Direct ones only.")
    @staticmethod
    def dependencies(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[PluginDependency]:
        needed = listings.dependencies(info.context.reading, root)
        return [PluginDependency(name=n, specifier=s, is_satisfied=is_satisfied) for n, s, is_satisfied in needed]

    @field(graphql_type="list[Plugin]")
    @staticmethod
    def dependents(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[models.PluginConfig]:
        return listings.dependents(info.context.reading, root)

    @field(
        graphql_type=JSON | None,
        description="JSON Schema, draft 2020-12; null where the plugin declares none.",
    )
    @staticmethod
    def settings_schema(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        return ShownSettings(root, sees_all=info.context.actor.is_platform_operator).schema()

    @field(
        graphql_type=JSON | None,
        description=(
            "The global layer, the schema's defaults under it, and where each value comes from; without secrets."
        ),
    )
    @staticmethod
    def settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        shown = show_globally(root, info)
        return shown.own() if shown else None

    @field(graphql_type=JSON | None)
    @staticmethod
    def effective_settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        shown = show_globally(root, info)
        return shown.effective() if shown else None

    @field()
    @staticmethod
    def setting_sources(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[SettingSource] | None:
        shown = show_globally(root, info)
        return shown.sources() if shown else None

    @field()
    @staticmethod
    def secret_settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[SecretSetting] | None:
        shown = show_globally(root, info)
        return shown.secrets() if shown else None

    @field(graphql_type=SettingsHistoryRef | None, description="The changes of the global layer, newest first.")
    @staticmethod
    def settings_history(
        root: strawberry.Parent[models.PluginConfig],
        info: Info,
        *,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[PluginAuditLog] | None:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return histories.settings_of(info, root, None, arguments)

    @field(graphql_type=PluginHealth | None, description="The last check for the platform; null when there was none.")
    @staticmethod
    def health(root: strawberry.Parent[models.PluginConfig], info: Info) -> models.PluginHealth | None:
        reading = info.context.reading
        return reading.find_health(root, customer_id=None) if reading.actor.is_platform_operator else None

    @field(
        graphql_type=HealthHistoryRef | None,
        description="The checks for the platform, newest first, as many as are kept.",
    )
    @staticmethod
    def health_history(
        root: strawberry.Parent[models.PluginConfig],
        info: Info,
        *,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[models.PluginHealth] | None:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return histories.health_of_plugin(info, root, arguments)

    @field(graphql_type=ContributionsRef | None, description="Null to viewers.")
    @staticmethod
    def contributions(root: strawberry.Parent[models.PluginConfig], info: Info) -> object | None:
        from webnet.api.resolvers import contributions  # It makes entries of the menu, which show their plugin.

        return contributions.find_contributions(info.context.reading, root)

    @field(graphql_type=ConfigsRef | None, description="Explicit choices, by customer.")
    @staticmethod
    def customer_configs(
        root: strawberry.Parent[models.PluginConfig],
        info: Info,
        *,
        filter: CustomerPluginConfigFilter | None = UNSET,  # noqa: A002 - the name in the schema
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[models.CustomerPluginConfig] | None:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.configs_of_plugin(info, root, filter or None, arguments)

    @field(graphql_type=AuditLogsRef | None)
    @staticmethod
    def audit_logs(
        root: strawberry.Parent[models.PluginConfig],
        info: Info,
        *,
        filter: PluginAuditLogFilter | None = UNSET,  # noqa: A002 - the name in the schema
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[PluginAuditLog] | None:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.audit_logs_of_plugin(info, root, filter or None, arguments)

    @staticmethod
    def find_node(info: Info, key: str) -> models.PluginConfig | None:
        return info.context.reading.find_plugin(key)


@strawberry.type(description="A plugin in a page.")
class PluginEdge:
    cursor: str
    node: Plugin


@strawberry.type(description="A page of plugins; `totalCount` is counted only when asked for.")
class PluginConnection(relay.Connection[Plugin]):  # type: ignore[type-var]  # Our Node is another than Relay's.
    edges: list[PluginEdge]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.
    total_count: int
