"""Looks after the audit log without being asked: verifies and signs what is new, and prunes what is old enough."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from webnet.audit import checkpoints, retention, signing_keys
from webnet.audit import log as audit_log
from webnet.audit.log import AuditEntry
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.audit.retention import LogDisagrees
from webnet.audit.verification_state import CHECKPOINT_INTERVAL, VERIFY
from webnet.customers.access import Actor
from webnet.program import PROGRAM

logger = logging.getLogger(__name__)

UPKEEP = Actor.system("upkeep")


def look_after_log() -> None:
    """Sign once a day what was verified, and prune what WEBNET_AUDIT_RETENTION_DAYS does not keep.

    A fault of the log is an error in the server's log each time, and a row of the audit log once.
    """
    try:
        if _is_checkpoint_due() and _has_keys():
            retention.make_checkpoint()
        if settings.WEBNET_AUDIT_RETENTION_DAYS:
            _prune(timedelta(days=settings.WEBNET_AUDIT_RETENTION_DAYS))
    except LogDisagrees as fault:
        say = "The audit log is not valid: %s '%s verify_audit_log' lists all faults."
        logger.error(say, fault.message, PROGRAM)  # noqa: TRY400 - the traceback would say no more
        _record(fault)
    except IntegrityError:
        logger.info("Another process made a checkpoint of the audit log at the same time.")


def _is_checkpoint_due() -> bool:
    if not settings.WEBNET_AUDIT_CHECKPOINTS:
        return False
    last = max(checkpoints.read_statements(), key=lambda statement: statement.number, default=None)
    age = timezone.now() - datetime.fromisoformat(last.made_at) if last is not None else CHECKPOINT_INTERVAL
    # One from the future was made while a clock was ahead: no reason to wait until then.
    return not timedelta(0) <= age < CHECKPOINT_INTERVAL


def _has_keys() -> bool:
    """Whether this process has the keys of all checkpoints: without them, genuine ones would seem to be forged."""
    unknown = {each.key for each in checkpoints.read_statements()} - signing_keys.trusted_keys()
    if unknown:
        logger.warning(
            "No checkpoint of the audit log is made here, since earlier ones were signed with keys that are not in "
            "WEBNET_AUDIT_KEYS: add them, or set WEBNET_AUDIT_CHECKPOINTS=0 if another process makes them."
        )
    return not unknown


def _prune(kept: timedelta) -> None:
    last = PluginAuditLog.objects.order_by("position").values_list("created_at", flat=True).last()
    if last is None:
        return
    # By the log's own time if this machine's clock is ahead of it: pruning can't be undone.
    before = min(timezone.now(), last) - kept
    # Pruning verifies the whole log first, so not without need.
    if retention.find_last_before(before) is None:
        return
    reason = f"WEBNET_AUDIT_RETENTION_DAYS is {kept.days}."
    try:
        pruned = retention.prune(before=before, actor=UPKEEP, reason=reason)
    except ProgrammingError as error:
        logger.error(  # noqa: TRY400 - the traceback would say no more
            "The audit log can't be pruned: %s. Only the role that owns the tables can: run '%s prune_audit_log' as "
            "that role, and unset WEBNET_AUDIT_RETENTION_DAYS.",
            str(error).strip(),
            PROGRAM,
        )
        return
    if pruned is not None:
        logger.info("Pruned %s rows of the audit log, up to position %s.", pruned.row_count, pruned.position)


def _record(fault: LogDisagrees) -> None:
    after = {"fault": fault.message}
    known = PluginAuditLog.objects.filter(action=VERIFY).first()
    if known is not None and known.after == after:
        return
    entry = AuditEntry(
        actor=UPKEEP, action=VERIFY, outcome=AuditOutcome.FAILED, error_code=LogDisagrees.code, after=after
    )
    with transaction.atomic(durable=True):
        audit_log.record(entry)
        transaction.on_commit(audit_log.publish, robust=True)
