"""One tenant, and pages of them."""

from __future__ import annotations

import strawberry
import strawberry_django
from strawberry import UNSET, relay

from webnet.api.paging.connections import Page
from webnet.api.paging.page_request import PageInfo
from webnet.api.request.context import Info
from webnet.api.resolvers import listings, permission_matrix, surfaces
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.types.viewer import Membership
from webnet.api.values.permissions import CustomerPermission
from webnet.api.values.references import AuditLogsRef, ConfigRef
from webnet.api.vocabulary.columns import Column
from webnet.api.vocabulary.declare import field
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.node import Node, global_id
from webnet.audit.models import PluginAuditLog
from webnet.customers import models
from webnet.plugins.models import CustomerPluginConfig


@strawberry_django.type(models.Customer, field_cls=Column, description="One tenant.")
class Customer(Node):
    slug: str
    name: str
    is_active: bool

    @field()
    @staticmethod
    def id(root: strawberry.Parent[models.Customer]) -> strawberry.ID:
        return global_id("Customer", root.slug)

    @field(graphql_type=Role, description="The viewer's role here; ADMIN for a platform operator.")
    @staticmethod
    def viewer_role(root: strawberry.Parent[models.Customer], info: Info) -> Role | None:
        return info.context.reading.role_in(root)

    @field(description="Codenames of what the viewer may do here with the plugins that are effective.")
    @staticmethod
    def viewer_permissions(root: strawberry.Parent[models.Customer], info: Info) -> list[str]:
        return surfaces.permissions(info.context.reading, root)

    @field(description="Every permission of the plugins that the viewer may see, and who has it; null to viewers.")
    @staticmethod
    def permissions(root: strawberry.Parent[models.Customer], info: Info) -> list[CustomerPermission] | None:
        return permission_matrix.permissions_of(info.context.reading, root)

    @field(graphql_type=list[ConfigRef], description="One for every plugin that the viewer may see, by name.")
    @staticmethod
    def plugin_configs(
        root: strawberry.Parent[models.Customer], info: Info, *, effective: bool | None = UNSET
    ) -> list[CustomerPluginConfig]:
        return listings.configs_of_customer(info.context.reading, root, effective=effective)

    @field(graphql_type=AuditLogsRef | None, description="Null to viewers.")
    @staticmethod
    def audit_logs(
        root: strawberry.Parent[models.Customer],
        info: Info,
        *,
        filter: PluginAuditLogFilter | None = UNSET,  # noqa: A002 - the name in the schema
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Page[PluginAuditLog] | None:
        arguments = {"first": first, "after": after, "last": last, "before": before}
        return listings.audit_logs_of_customer(info, root, filter or None, arguments)

    @field(graphql_type=list[Membership] | None, description="Null to those who are no admin here.")
    @staticmethod
    def members(root: strawberry.Parent[models.Customer], info: Info) -> list[models.Membership] | None:
        reading = info.context.reading
        return reading.members.get(root.pk) if reading.has_role(Role.ADMIN, root) else None

    @staticmethod
    def find_node(info: Info, key: str) -> models.Customer | None:
        return info.context.reading.find_customer(key)


@strawberry.type(description="A customer in a page.")
class CustomerEdge:
    cursor: str
    node: Customer


@strawberry.type(description="A page of customers; `totalCount` is counted only when asked for.")
class CustomerConnection(relay.Connection[Customer]):  # type: ignore[type-var]  # Our Node is another than Relay's.
    edges: list[CustomerEdge]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.
    total_count: int
