"""One operation in the audit log."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import field, row_type
from webnet.api.request.context import Info
from webnet.api.resolvers import listings
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.values.references import CustomerRef, PluginRef, UserRef
from webnet.api.vocabulary.enums import AuditOutcome, Role
from webnet.api.vocabulary.node import Node, global_id, read_pk
from webnet.audit.models import PluginAuditLog as AuditRow
from webnet.customers.models import Customer, User
from webnet.plugins import models


@row_type(AuditRow, filter=PluginAuditLogFilter)
class PluginAuditLog(Node):
    """One operation, also a refused or failed one; `sequence` counts without gaps per customer, and for the
    platform. `createdAt` never runs backwards; `machineTime` is what the clock of the machine said, null in old rows.
    """

    sequence: int
    created_at: datetime
    machine_time: datetime | None
    actor_name: str
    action: str
    outcome: AuditOutcome
    before: JSON | None
    after: JSON | None
    hash: str

    @field()
    @staticmethod
    def id(root: strawberry.Parent[AuditRow]) -> strawberry.ID:
        # Not by its position, which counts everybody's rows, though no client can read it in the id.
        return global_id("PluginAuditLog", f"{root.chain}/{root.sequence}")

    @field(graphql_type=UserRef | None)
    @staticmethod
    def user(root: strawberry.Parent[AuditRow], info: Info) -> User | None:
        return info.context.reading.users.get(root.actor_id) if root.actor_id is not None else None

    @field(graphql_type=Role | None)
    @staticmethod
    def role(root: strawberry.Parent[AuditRow]) -> Role | None:
        return Role(root.role) if root.role in Role.values else None

    @field(graphql_type=CustomerRef | None)
    @staticmethod
    def customer(root: strawberry.Parent[AuditRow], info: Info) -> Customer | None:
        return info.context.reading.customers.get(root.customer_id) if root.customer_id is not None else None

    @field(graphql_type=PluginRef | None)
    @staticmethod
    def plugin(root: strawberry.Parent[AuditRow], info: Info) -> models.PluginConfig | None:
        return info.context.reading.find_plugin(root.plugin_name)

    @field()
    @staticmethod
    def plugin_name(root: strawberry.Parent[AuditRow]) -> str | None:
        return root.plugin_name or None

    @field()
    @staticmethod
    def plugin_version(root: strawberry.Parent[AuditRow]) -> str | None:
        return root.plugin_version or None

    @field()
    @staticmethod
    def error_code(root: strawberry.Parent[AuditRow]) -> str | None:
        return root.error_code or None

    @field()
    @staticmethod
    def reason(root: strawberry.Parent[AuditRow]) -> str | None:
        return root.reason or None

    @field()
    @staticmethod
    def request_id(root: strawberry.Parent[AuditRow]) -> str | None:
        return root.request_id or None

    @field()
    @staticmethod
    def ip_address(root: strawberry.Parent[AuditRow], info: Info) -> str | None:
        """Only for admins; null for others."""
        return root.ip_address if listings.sees_ip_address(info.context.reading, root) else None

    @staticmethod
    def find_node(info: Info, key: str) -> AuditRow | None:
        chain, _, sequence = key.partition("/")
        number = read_pk(sequence)
        reading = info.context.reading
        return listings.find_audit_log(reading, chain=chain, sequence=number) if number is not None else None
