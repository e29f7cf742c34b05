"""Audit logs for tests: a small one with several chains, signed up to somewhere; and what was found in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from webnet.audit import signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.log import POSITION_HEAD, AuditEntry, record
from webnet.audit.models import AuditHead, AuditOutcome, PluginAuditLog
from webnet.audit.verification import snapshot, verify
from webnet.customers.access import Actor
from webnet.customers.models import Customer, User
from webnet.errors import PermissionDenied

OPERATOR = Actor.system("tests")


@transaction.atomic
def write_rows(count: int, *, customers: Iterable[Customer | None] = (None,), people: Sequence[User] = ()) -> None:
    """Append rows, round and round the chains and people, each with something in every column that may be empty."""
    chains = list(customers)
    for number in range(count):
        is_refused = number % 5 == 4
        user_id = people[number % len(people)].pk if people else 7
        record(
            AuditEntry(
                actor=Actor(name="ada", user_id=user_id, request_id="r-1", ip_address="192.0.2.1"),
                action="update_plugin_settings",
                outcome=AuditOutcome.REFUSED if is_refused else AuditOutcome.SUCCEEDED,
                customer=chains[number % len(chains)],
                plugin_name="inventory",
                plugin_version="1.0",
                error_code=PermissionDenied.code if is_refused else "",
                reason=f"because of ticket {number}",
                before={"settings": {"limit": number}},
                after={"settings": {"limit": number + 1, "rate": 0.5, "é": [None, True]}},
            )
        )


def write_many(count: int, *, start: int, columns: Callable[[int], dict[str, Any]]) -> None:
    """Insert rows without their hashes, which a log for plans and times needs not; `columns` are those of each."""
    common = {
        "chain": "many",
        "created_at": timezone.now(),
        "actor_name": "ada",
        "action": "enable_plugin",
        "outcome": "succeeded",
    }
    PluginAuditLog.objects.bulk_create(
        PluginAuditLog(position=number, sequence=number, text="{}", hash="0" * 64, **{**common, **columns(number)})
        for number in range(start, start + count)
    )


@transaction.atomic
def cut_off(*, after: int) -> None:
    """Take back the rows after a position, as restoring a backup that ended there does."""
    with audit_triggers.deletes_allowed(connection):
        PluginAuditLog.objects.filter(position__gt=after).delete()
    for head in AuditHead.objects.exclude(chain=POSITION_HEAD):
        last = PluginAuditLog.objects.filter(chain=head.chain).first()
        head.sequence, head.hash = (last.sequence, last.hash) if last is not None else (0, "")
        head.save()
    AuditHead.objects.filter(chain=POSITION_HEAD).update(sequence=after)


def find_faults(kept: Iterable[str] = ()) -> list[str]:
    """What `verify_audit_log` finds."""
    with snapshot():
        return [finding.message for finding in verify(trusted=signing_keys.trusted_keys(), kept=kept)]
