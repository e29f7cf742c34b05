"""One operation in the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import field, row_type
from webnet.api.request.context import Context, Info
from webnet.api.resolvers import listings
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.values.references import CustomerRef, PluginRef, UserRef
from webnet.api.vocabulary import sealed_texts
from webnet.api.vocabulary.enums import AuditOutcome, Role
from webnet.api.vocabulary.node import Node, global_id, read_sequences
from webnet.audit.models import PluginAuditLog as AuditRow
from webnet.customers.models import Customer, User
from webnet.plugins import models

HASHES = b"webnet: hashes of audit rows"


@row_type(AuditRow, filter=PluginAuditLogFilter)
class PluginAuditLog(Node):
    """One operation, also a refused or failed one.

    Attributes:
        created_at: When it was recorded; it never runs backwards from one row to the next, even if a clock does.
        actor_name: The name of who did it, as it was then; for commands and webnet itself, what they are called.
        action: What was done, such as "enable_plugin".
        outcome: How the operation ended.
        before: What was changed, as it was before; null if nothing was, and in rows without values.
        after: What was changed, as it was afterwards; null if nothing was, and in rows without values.
    """

    created_at: datetime
    actor_name: str
    action: str
    outcome: AuditOutcome
    before: JSON | None
    after: JSON | None

    @field(columns=["chain", "sequence"])
    @staticmethod
    def id(root: strawberry.Parent[AuditRow]) -> strawberry.ID:
        # Not by its position, which counts everybody's rows, though no client can read it in the id.
        """The global id."""
        return global_id("PluginAuditLog", f"{root.chain}/{root.sequence}")

    @field(columns=["sequence", "customer_id"])
    @staticmethod
    def sequence(root: strawberry.Parent[AuditRow], info: Info) -> int:
        """Counts without gaps per customer, and for the platform; 0 in events about what the platform did."""
        # Of the platform's rows, others than its operators only get some, as events: the gaps would count the others.
        return root.sequence if root.customer_id is not None or info.context.actor.is_platform_operator else 0

    @field(columns=["machine_time"])
    @staticmethod
    def machine_time(root: strawberry.Parent[AuditRow], info: Info) -> datetime | None:
        """What the clock of the machine said, null in old rows; only for platform operators, null for others."""
        # Where it differs from `createdAt`, that is the time of an earlier row, which may be another customer's.
        return root.machine_time if info.context.actor.is_platform_operator else None

    @field(columns=["hash"])
    @staticmethod
    def hash(root: strawberry.Parent[AuditRow], info: Info) -> str:
        """For platform operators the hash in the chain, as in exports and checkpoints. For others it is sealed, as ids
        are: it stays the same as long as the row and the server's key do.
        """
        return shown_hash(root, info.context)

    @field(graphql_type=UserRef | None, columns=["actor_id"])
    @staticmethod
    def user(root: strawberry.Parent[AuditRow], info: Info) -> User | None:
        """The user who did it; null for commands, for webnet itself, and for users whom the viewer may not see."""
        return info.context.reading.users.get(root.actor_id) if root.actor_id is not None else None

    @field(graphql_type=Role | None, columns=["role"])
    @staticmethod
    def role(root: strawberry.Parent[AuditRow]) -> Role | None:
        """The role that the actor had for the customer; null in rows of the platform, and if there was none."""
        return Role(root.role) if root.role in Role.values else None

    @field(graphql_type=CustomerRef | None, columns=["customer_id"])
    @staticmethod
    def customer(root: strawberry.Parent[AuditRow], info: Info) -> Customer | None:
        """The customer that it was about; null in rows of the platform."""
        return info.context.reading.customers.get(root.customer_id) if root.customer_id is not None else None

    @field(graphql_type=PluginRef | None, columns=["plugin_name"])
    @staticmethod
    def plugin(root: strawberry.Parent[AuditRow], info: Info) -> models.PluginConfig | None:
        """The plugin that it was about; null if there was none, or the viewer may not see it now."""
        return info.context.reading.find_plugin(root.plugin_name)

    @field(columns=["plugin_name"])
    @staticmethod
    def plugin_name(root: strawberry.Parent[AuditRow]) -> str | None:
        """The name of the plugin that it was about, also of one that is gone; null if there was none."""
        return root.plugin_name or None

    @field(columns=["plugin_version"])
    @staticmethod
    def plugin_version(root: strawberry.Parent[AuditRow]) -> str | None:
        """The version that the plugin had then; null if it had none."""
        return root.plugin_version or None

    @field(columns=["error_code"])
    @staticmethod
    def error_code(root: strawberry.Parent[AuditRow]) -> str | None:
        """The code of the refusal or error; null if the operation succeeded."""
        return root.error_code or None

    @field(columns=["reason"])
    @staticmethod
    def reason(root: strawberry.Parent[AuditRow]) -> str | None:
        """What the user gave as `reason`; null if nothing."""
        return root.reason or None

    @field(columns=["request_id"])
    @staticmethod
    def request_id(root: strawberry.Parent[AuditRow]) -> str | None:
        """The header `X-Request-Id` of the request; null outside of requests."""
        return root.request_id or None

    @field(columns=["ip_address", "customer_id"])
    @staticmethod
    def ip_address(root: strawberry.Parent[AuditRow], info: Info) -> str | None:
        """Only for admins; null for others."""
        return root.ip_address if listings.sees_ip_address(info.context.reading, root) else None

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, AuditRow]:
        found = listings.find_audit_logs(info.context.reading, read_sequences(keys))
        # A change of settings is a row of the same model.
        return {f"{row.chain}/{row.sequence}": strawberry.cast(PluginAuditLog, row) for row in found}


def shown_hash(row: AuditRow, context: Context) -> str:
    """The hash as this viewer sees it."""
    if context.actor.is_platform_operator:
        return row.hash
    # The hash covers the position in everybody's log, which could be found by trying.
    return sealed_texts.seal(bytes.fromhex(row.hash), purpose=HASHES, bound_to=[])
