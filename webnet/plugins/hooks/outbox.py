"""The outbox of after-hooks: rows written with a change, claimed for a while, retried, and finally given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from webnet.audit import log as audit_log
from webnet.audit.models import AuditOutcome, new_token
from webnet.audit.operation import Operation
from webnet.customers.actor_json import read_actor, write_actor
from webnet.customers.models import Customer
from webnet.errors import HookFailed
from webnet.plugins.models import OwedCall, PluginConfig
from webnet.plugins.registry import registry

# How long a claim lasts: longer than a process needs for one call, so that two do not call the same hook at once.
LEASE_SECONDS = 60
# After each failure but the last: soon at first, for temporary failures, and finally hours later.
PAUSES_SECONDS = (10, 60, 300, 1800, 7200)
MAXIMUM_ATTEMPTS = len(PAUSES_SECONDS) + 1
# A process calls these one after the other, so it leaves the rest of a long queue to others.
CLAIMED_AT_ONCE = 20


def add(operation: Operation, hook: str, row: PluginConfig, customer: Customer | None) -> None:
    """Add the hook within the change's transaction; the change's own process has the first claim."""
    OwedCall.objects.create(
        plugin=row,
        customer=customer,
        hook=hook,
        actor=write_actor(operation.actor),
        claim=operation.token,
        due_at=_lease(),
    )


def claim_due() -> str | None:
    """Claim what is due for plugins that are loaded here; returns the claim, or None if nothing is due.

    Of each pair of plugin and customer only the oldest: its hooks are called in the order of the changes.
    """
    claim, now = new_token(), timezone.now()
    loaded = [entry.name for entry in registry.loaded()]
    due = _oldest_of_each_pair().filter(due_at__lte=now, plugin__name__in=loaded).order_by("pk")
    claimed = 0
    for pk, former, due_at in due.values_list("pk", "claim", "due_at")[:CLAIMED_AT_ONCE]:
        # The conditions make it an atomic claim: only one of two processes still finds the former claim.
        unchanged = OwedCall.objects.filter(pk=pk, claim=former, due_at=due_at)
        claimed += unchanged.update(claim=claim, due_at=_lease())
    return claim if claimed else None


def claimed_by(claim: str) -> list[OwedCall]:
    """The rows with this claim, in order."""
    return list(OwedCall.objects.filter(claim=claim).select_related("plugin", "customer").order_by("pk"))


def begin(call: OwedCall) -> bool:
    """Count the attempt and renew the claim; False if it expired or an older hook of the pair comes first."""
    mine = _oldest_of_each_pair().filter(pk=call.pk, claim=call.claim)
    call.attempts += 1
    return bool(OwedCall.objects.filter(pk__in=mine.values("pk")).update(attempts=F("attempts") + 1, due_at=_lease()))


def release(call: OwedCall) -> None:
    """Give the claim up, so that another process can claim the row."""
    OwedCall.objects.filter(pk=call.pk, claim=call.claim).update(claim="", due_at=timezone.now())


def complete(call: OwedCall) -> None:
    """Delete the row: the hook was called."""
    OwedCall.objects.filter(pk=call.pk).delete()


def retry_or_give_up(call: OwedCall, why: str) -> None:
    """The hook failed: call it again after a pause, or never after its last attempt."""
    # If the pair's next hook waits for this one, it is not retried: only the last change counts.
    newer = OwedCall.objects.filter(plugin=call.plugin, customer=call.customer, pk__gt=call.pk)
    if call.attempts >= MAXIMUM_ATTEMPTS or newer.exists():
        _give_up(call, why)
        return
    pause = timedelta(seconds=PAUSES_SECONDS[call.attempts - 1])
    OwedCall.objects.filter(pk=call.pk, claim=call.claim).update(claim="", due_at=timezone.now() + pause)


def _give_up(call: OwedCall, why: str) -> None:
    entry = audit_log.AuditEntry(
        actor=read_actor(call.actor),
        action="give_up_hook",
        outcome=AuditOutcome.FAILED,
        customer=call.customer,
        plugin_name=call.plugin.name,
        plugin_version=call.plugin.version or "",
        error_code=HookFailed.code,
        after={"hook": call.hook, "attempts": call.attempts, "error": why},
    )
    with transaction.atomic(durable=True):
        # Another process may have taken over when the claim expired: then it reports the end.
        gone, _ = OwedCall.objects.filter(pk=call.pk, claim=call.claim).delete()
        if gone:
            audit_log.record(entry)
            transaction.on_commit(audit_log.publish, robust=True)


def _oldest_of_each_pair() -> QuerySet[OwedCall]:
    # In SQL NULL equals nothing, so the platform's calls, without a customer, are compared as 0.
    calls = OwedCall.objects.annotate(owner=Coalesce("customer", 0))
    older = calls.filter(plugin=OuterRef("plugin"), owner=OuterRef("owner"), pk__lt=OuterRef("pk"))
    return calls.filter(~Exists(older))


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)
