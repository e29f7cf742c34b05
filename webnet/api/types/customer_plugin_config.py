"""One plugin for one customer, and pages of such pairs."""

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
from webnet.api.resolvers.settings_view import ShownSettings
from webnet.api.types.health import PluginHealth
from webnet.api.values.references import CustomerRef, HealthHistoryRef, PluginRef, SettingsHistoryRef
from webnet.api.values.settings import SecretSetting, SettingSource
from webnet.api.vocabulary.columns import Column
from webnet.api.vocabulary.declare import field
from webnet.api.vocabulary.enums import Availability, IneffectiveCode
from webnet.api.vocabulary.node import Node, global_id
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer
from webnet.plugins import models


def show_for_customer(config: models.CustomerPluginConfig, info: Info) -> ShownSettings:
    """The customer's layer, without what is the platform's own unless an operator of it looks."""
    return ShownSettings(config.plugin, config, sees_all=info.context.actor.is_platform_operator)


@strawberry_django.type(
    models.CustomerPluginConfig,
    field_cls=Column,
    description=(
        "One plugin for one customer; its id stands for the pair, so it stays the same when a first choice is made."
    ),
)
class CustomerPluginConfig(Node):
    settings_revision: int

    @field()
    @staticmethod
    def id(root: strawberry.Parent[models.CustomerPluginConfig]) -> strawberry.ID:
        return global_id("CustomerPluginConfig", f"{root.customer.slug}/{root.plugin.name}")

    @field(graphql_type=CustomerRef)
    @staticmethod
    def customer(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Customer | None:
        return info.context.reading.customers.get(root.customer_id)

    @field(graphql_type=PluginRef)
    @staticmethod
    def plugin(root: strawberry.Parent[models.CustomerPluginConfig]) -> models.PluginConfig:
        return root.plugin

    @field(description="The customer's own choice; null where it has made none.")
    @staticmethod
    def enabled(root: strawberry.Parent[models.CustomerPluginConfig]) -> bool | None:
        return root.enabled

    @field(description="The plugin's, unless the operator has set one for this customer.")
    @staticmethod
    def availability(root: strawberry.Parent[models.CustomerPluginConfig]) -> Availability:
        return Availability(root.availability or root.plugin.availability)

    @field(
        description=(
            "What holds after every rule, and why it does not when it does not: for people, and in the same order "
            "for programs."
        )
    )
    @staticmethod
    def effective(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> bool:
        return listings.is_effective(info.context.reading, root)

    @field()
    @staticmethod
    def ineffective_reasons(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[str]:
        return [reason.message for reason in listings.reasons(info.context.reading, root)]

    @field()
    @staticmethod
    def ineffective_codes(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[IneffectiveCode]:
        return [reason.code for reason in listings.reasons(info.context.reading, root)]

    @field(
        graphql_type=JSON,
        description="The customer's layer, all layers merged, and where each value comes from; without secrets.",
    )
    @staticmethod
    def settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Json:
        return show_for_customer(root, info).own()

    @field(graphql_type=JSON)
    @staticmethod
    def effective_settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> Json:
        return show_for_customer(root, info).effective()

    @field()
    @staticmethod
    def setting_sources(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[SettingSource]:
        return show_for_customer(root, info).sources()

    @field()
    @staticmethod
    def secret_settings(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> list[SecretSetting]:
        return show_for_customer(root, info).secrets()

    @field(
        graphql_type=SettingsHistoryRef | None,
        description="The changes of the customer's layer, newest first; null to viewers.",
    )
    @staticmethod
    def settings_history(
        root: strawberry.Parent[models.CustomerPluginConfig],
        info: Info,
        *,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[PluginAuditLog] | None:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return histories.settings_of(info, root.plugin, root, arguments)

    @field(graphql_type=PluginHealth | None, description="The last check for this customer; null when there was none.")
    @staticmethod
    def health(root: strawberry.Parent[models.CustomerPluginConfig], info: Info) -> models.PluginHealth | None:
        return info.context.reading.find_health(root.plugin, customer_id=root.customer_id)

    @field(
        graphql_type=HealthHistoryRef,
        description="The checks for this customer, newest first, as many as are kept.",
    )
    @staticmethod
    def health_history(
        root: strawberry.Parent[models.CustomerPluginConfig],
        info: Info,
        *,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[models.PluginHealth]:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return histories.health_of_config(info, root, arguments)

    @field(description="The last change; null where none was made.")
    @staticmethod
    def updated_at(root: strawberry.Parent[models.CustomerPluginConfig]) -> datetime | None:
        return root.updated_at  # of an unsaved config: None

    @staticmethod
    def find_node(info: Info, key: str) -> models.CustomerPluginConfig | None:
        slug, _, plugin = key.partition("/")
        return listings.find_config(info.context.reading, slug, plugin)


@strawberry.type(description="A config in a page.")
class CustomerPluginConfigEdge:
    cursor: str
    node: CustomerPluginConfig


@strawberry.type(description="A page of configs; `totalCount` is counted only when asked for.")
class CustomerPluginConfigConnection(relay.Connection[CustomerPluginConfig]):  # type: ignore[type-var]  # Our Node is another than Relay's.
    edges: list[CustomerPluginConfigEdge]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.
    total_count: int
