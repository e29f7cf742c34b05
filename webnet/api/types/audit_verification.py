"""How far the audit log was verified and signed."""

from __future__ import annotations

from datetime import datetime

import strawberry

from webnet.api.declarations.fields import field, object_type
from webnet.api.resolvers.verification import ShownVerification
from webnet.api.vocabulary.enums import VerificationStatus
from webnet.api.vocabulary.node import global_id
from webnet.audit.verification_state import LastCheckpoint


@object_type
class AuditCheckpoint:
    """The last checkpoint, which signs where the audit log's chains ended.

    Attributes:
        number: Counts the checkpoints without gaps.
        position: The position of the last row that it signs.
        made_at: When it was made.
        key: The public key that it names, in hexadecimal.
        is_trusted: Whether its signature is right, and by a key that the server which answers has.
    """

    number: int
    position: int
    made_at: datetime
    key: str
    is_trusted: bool

    @field()
    @staticmethod
    def id(root: strawberry.Parent[LastCheckpoint]) -> strawberry.ID:
        """For caches: names the checkpoint. `node` does not find it."""
        return global_id("AuditCheckpoint", root.number)


@object_type
class AuditVerification:
    """How far the audit log, or the chain of one customer, was verified and signed, by the checkpoints that are stored.

    Rows are verified when a checkpoint is made, which a server does by itself once a day; `verify_audit_log` verifies
    all of them again.
    """

    @field()
    @staticmethod
    def id(root: strawberry.Parent[ShownVerification]) -> strawberry.ID:
        """For caches: names the log or the chain. `node` does not find it."""
        return global_id("AuditVerification", root.name)

    @field()
    @staticmethod
    def status(root: strawberry.Parent[ShownVerification]) -> VerificationStatus:
        """What is known about the rows; for one customer never INVALID, since a fault may be in anybody's rows."""
        return root.state.status

    @field()
    @staticmethod
    def verified_at(root: strawberry.Parent[ShownVerification]) -> datetime | None:
        """When the last verification without a fault was made; null if there was none."""
        return root.state.verified_at

    @field()
    @staticmethod
    def verified_until(root: strawberry.Parent[ShownVerification]) -> datetime | None:
        """The time of the last row that it covers; null if there is none, or that row was pruned."""
        return root.state.verified_until

    @field()
    @staticmethod
    def unverified_row_count(root: strawberry.Parent[ShownVerification]) -> int:
        """How many rows were written since."""
        return root.state.unverified_rows

    @field()
    @staticmethod
    def overdue_since(root: strawberry.Parent[ShownVerification]) -> datetime | None:
        """When these should have been verified, if that is more than a day ago; null otherwise."""
        return root.state.overdue_since

    @field()
    @staticmethod
    def fault(root: strawberry.Parent[ShownVerification]) -> str | None:
        """The first fault that was found since the last checkpoint, in a sentence; null if none was, and for one
        customer.
        """
        return root.state.fault

    @field()
    @staticmethod
    def fault_found_at(root: strawberry.Parent[ShownVerification]) -> datetime | None:
        """When it was found; null if none was, or nobody wrote it down."""
        return root.state.fault_found_at

    @field(graphql_type=AuditCheckpoint | None)
    @staticmethod
    def checkpoint(root: strawberry.Parent[ShownVerification]) -> LastCheckpoint | None:
        """The last checkpoint; null if there is none, and for one customer, since it counts everybody's rows."""
        return root.state.checkpoint
