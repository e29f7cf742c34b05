"""How far the audit log was verified and signed, and what the last verification found, by what is stored; reads no row
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from webnet.audit import signing_keys
from webnet.audit.checkpoints import MALFORMED, Statement
from webnet.audit.models import AuditCheckpoint, AuditHead, AuditOutcome, PluginAuditLog
from webnet.audit.verification import last_position

# The action of the row that records a fault.
VERIFY = "verify_audit_log"
CHECKPOINT_INTERVAL = timedelta(days=1)
# A checkpoint is made each day by whichever process is asked first; this late, none was.
CHECKPOINT_PATIENCE = 2 * CHECKPOINT_INTERVAL


class VerificationStatus(Enum):
    """What is known about the rows.

    Attributes:
        VERIFIED: All of them were verified and signed, or the rest is about to be.
        PENDING: None of them was verified yet, since all are new.
        OVERDUE: Some have waited for longer than two days.
        INVALID: The last verification found a fault, and signed nothing.
    """

    VERIFIED = "verified"
    PENDING = "pending"
    OVERDUE = "overdue"
    INVALID = "invalid"


@dataclass(frozen=True, kw_only=True)
class LastCheckpoint:
    """The last checkpoint; `key` is the public key that it names, `is_trusted` whether its signature is right and by a
    key of this installation.
    """

    number: int
    position: int
    key: str
    made_at: datetime
    is_trusted: bool


@dataclass(frozen=True, kw_only=True)
class VerificationState:
    """The state of the whole log, or of one customer's chain: then without `checkpoint` and `fault`.

    `verified_at` is the time of the last verification without a fault, `verified_until` that of the last row that it
    covers, None if that was pruned. `overdue_since` is when the next one should have been made, if that is long ago.
    """

    verified_at: datetime | None
    verified_until: datetime | None
    unverified_rows: int
    overdue_since: datetime | None
    checkpoint: LastCheckpoint | None = None
    fault: str | None = None
    fault_found_at: datetime | None = None

    @property
    def status(self) -> VerificationStatus:
        if self.fault is not None:
            return VerificationStatus.INVALID
        if self.overdue_since is not None:
            return VerificationStatus.OVERDUE
        return VerificationStatus.PENDING if self.verified_at is None else VerificationStatus.VERIFIED


def of_log() -> VerificationState:
    """The state of the whole log. Four statements, at any size."""
    row = AuditCheckpoint.objects.order_by("number").last()
    position = row.position if row is not None else 0
    failed = PluginAuditLog.objects.filter(action=VERIFY, outcome=AuditOutcome.FAILED, position__gt=position)
    fault = failed.order_by("position").last()
    try:
        checkpoint = _read(row) if row is not None else None
    except MALFORMED:
        checkpoint = None
    message: str | None = None
    found_at: datetime | None = None
    if fault is not None:
        said = fault.after.get("fault") if isinstance(fault.after, dict) else None
        message, found_at = said or "The fault was not recorded.", fault.created_at
    elif row is not None and checkpoint is None:
        message = f"Checkpoint {row.number}: edited; its text can't be read."
    covered, waiting = _read_times(PluginAuditLog.objects.filter(position__gte=position), "position", position)
    verified_at = checkpoint.made_at if checkpoint is not None else None
    return VerificationState(
        verified_at=verified_at,
        verified_until=covered,
        unverified_rows=max(0, last_position() - position),
        overdue_since=_find_overdue(verified_at, waiting),
        checkpoint=checkpoint,
        fault=message,
        fault_found_at=found_at,
    )


def of_customer(pk: int) -> VerificationState:
    """The state of this customer's chain. It has no fault: what was found may be in anybody's rows, and is the
    operators' to look into; until they have, nothing more is verified.
    """
    chain = str(pk)
    head = AuditHead.objects.filter(chain=chain).first()
    last = AuditCheckpoint.objects.order_by("number").last()
    # Each checkpoint names the chains that have grown; the JSON is always written the same way.
    own = AuditCheckpoint.objects.filter(text__contains=f'"{chain}":[').order_by("-number").first()
    try:
        made_at = _read(last).made_at if last is not None else None
        signed = Statement.read(own.text).heads[chain][0] if own is not None else 0
    except MALFORMED:
        made_at, signed = None, 0
    rows = PluginAuditLog.objects.filter(chain=chain, sequence__gte=signed)
    covered, waiting = _read_times(rows, "sequence", signed)
    return VerificationState(
        verified_at=made_at if signed else None,
        verified_until=covered,
        unverified_rows=max(0, (head.sequence if head is not None else 0) - signed),
        overdue_since=_find_overdue(made_at, waiting),
    )


def _read(row: AuditCheckpoint) -> LastCheckpoint:
    """Raises any of MALFORMED."""
    statement = Statement.read(row.text)
    is_signed = signing_keys.is_signed(row.text, signature=row.signature, key=statement.key)
    return LastCheckpoint(
        number=row.number,
        position=row.position,
        key=statement.key,
        made_at=datetime.fromisoformat(statement.made_at),
        is_trusted=is_signed and statement.key in signing_keys.trusted_keys(),
    )


def _read_times(rows: QuerySet[PluginAuditLog], column: str, signed: int) -> tuple[datetime | None, datetime | None]:
    """When the last row that was signed was written, and the first one after it; `column` numbers the rows."""
    times = dict(rows.order_by(column).values_list(column, "created_at")[:2])
    return times.get(signed), next((time for number, time in times.items() if number > signed), None)


def _find_overdue(verified_at: datetime | None, waiting: datetime | None) -> datetime | None:
    """When it should have been verified; None if that is not long ago, nothing waits, or others look after the log."""
    if waiting is None or not settings.WEBNET_AUDIT_CHECKPOINTS:
        return None
    # While nothing is written, nothing is signed, however long that is.
    begun = max(verified_at or waiting, waiting)
    return begun + CHECKPOINT_INTERVAL if timezone.now() - begun > CHECKPOINT_PATIENCE else None
