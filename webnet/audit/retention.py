"""Removes the oldest part of the audit log: whole segments up to a checkpoint, verified before they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from webnet.audit import checkpoints, signing_keys
from webnet.audit import log as audit_log
from webnet.audit import triggers as audit_triggers
from webnet.audit.chain import LogFault, Walk, read_rows
from webnet.audit.models import AuditCheckpoint, PluginAuditLog
from webnet.audit.operation import Operation, audited
from webnet.audit.verification import fast_forward, pruned_to, snapshot, verify
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.errors import WebnetError


class LogDisagrees(WebnetError):
    """The audit log is not valid, so nothing was signed or removed; the message is its first fault."""

    code = "LOG_DISAGREES"


@dataclass(frozen=True)
class Pruned:
    """What was removed: rows up to a position, which a checkpoint has signed."""

    row_count: int
    position: int
    checkpoint: int


def make_checkpoint(advance: Callable[[], object] = lambda: None) -> AuditCheckpoint | None:
    """Verify what was written since the last checkpoint and sign it; None if there is nothing new.

    Raises LogDisagrees. Of two at the same time, one fails with an IntegrityError.
    """
    audit_log.write_due()
    trusted = signing_keys.trusted_keys()
    with snapshot():
        _raise_first(checkpoints.check(trusted))
        last = AuditCheckpoint.objects.last()
        walk = Walk()
        fast_forward(walk, checkpoints.read_statements())
        known, start, floor = dict(walk.ends), walk.position, pruned_to()
        for row in read_rows(after=walk.position):
            _raise_first(walk.follow(row))
            advance()
    if walk.position == start:
        return None
    return checkpoints.sign(after=last, walk=walk, known=known, pruned_to=floor)


def prune(
    *, before: datetime, actor: Actor, reason: str = "", advance: Callable[[], object] = lambda: None
) -> Pruned | None:
    """Verify the whole log, then remove it up to the last checkpoint all of whose rows are older; None without one.

    Raises LogDisagrees. The removal and its evidence (a checkpoint and a row in the platform's chain) are one
    transaction. The database role must own the table; the application's own role need not and should not.
    """
    access.require_operator(actor)
    with snapshot():
        _raise_first(verify(trusted=signing_keys.trusted_keys(), advance=advance))
    checkpoint = find_last_before(before)
    if checkpoint is None:
        return None
    return _remove(Operation(actor=actor, action="prune_audit_log", reason=reason), checkpoint, before)


def find_last_before(before: datetime) -> AuditCheckpoint | None:
    """The last checkpoint that signs only rows from before this time, and of these some that are still there."""
    # Times never run backwards along the positions, so one row separates what is kept from what may go.
    kept = PluginAuditLog.objects.filter(created_at__gte=before).order_by("created_at", "position").first()
    ends = AuditCheckpoint.objects.filter(position__gt=pruned_to())
    return (ends.filter(position__lt=kept.position) if kept else ends).last()


@audited
def _remove(operation: Operation, checkpoint: AuditCheckpoint, before: datetime) -> Pruned:
    # First, as every writer does: whoever appends holds the end of the log and then needs the table, which lifting the
    # trigger locks. The other order could deadlock.
    audit_log.lock_end()
    # The last checkpoint once more, as a new one that also signs what was removed.
    last = AuditCheckpoint.objects.order_by("number").last()
    walk = Walk()
    fast_forward(walk, checkpoints.read_statements())
    signed = checkpoints.sign(after=last, walk=walk, known=walk.ends, pruned_to=checkpoint.position)
    with audit_triggers.deletes_allowed(connection):
        row_count, _ = PluginAuditLog.objects.filter(position__lte=checkpoint.position).delete()
    pruned = Pruned(row_count, checkpoint.position, checkpoint.number)
    operation.record(
        after={
            "rows": row_count,
            "upToPosition": pruned.position,
            "upToCheckpoint": pruned.checkpoint,
            "saidByCheckpoint": signed.number,
            "before": before.isoformat(),
        }
    )
    return pruned


def _raise_first(findings: Iterable[LogFault]) -> None:
    for finding in findings:
        raise LogDisagrees(finding.message)
