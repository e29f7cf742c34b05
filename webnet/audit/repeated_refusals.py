"""Keeps refusals from flooding the audit log: of equal ones within a minute, the first and a count are written.

The first is written at once. The others are counted in a small table beside the log, in their own transactions, so
nothing is lost when a process dies; the next operation of any process after that minute writes the count, and so does
`write_due`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from datetime import UTC, datetime

from django.db import connection, transaction
from django.utils import timezone

from webnet.audit import log as audit_log
from webnet.audit.log import AuditEntry
from webnet.audit.models import RefusalCount
from webnet.errors import NotFound, Refusal

MINUTE_SECONDS = 60
# They are written within somebody's operation, which must not become slow.
WRITTEN_AT_ONCE = 20
# Returns 0 for the first refusal of a kind in its minute: that one is in the log itself.
UPSERT = (
    "INSERT INTO plugins_refusalcount (minute, key, count, columns) VALUES (%s, %s, 0, %s) "
    "ON CONFLICT (minute, key) DO UPDATE SET count = plugins_refusalcount.count + 1 RETURNING count"
)


def is_repeated(entry: AuditEntry, refusal: Refusal) -> bool:
    """Count the refusal; whether an equal one of this actor, or of nobody at this address, is in this minute's log."""
    columns = {**entry.columns(), "reason": "", "request_id": "", "before": None}
    if isinstance(refusal, NotFound):
        # Somebody may try any number of names: they are one kind, or each would get a row of its own.
        columns |= {"plugin_name": "", "plugin_version": ""}
    kind = [columns[name] for name in ("chain", "action", "error_code", "plugin_name")]
    key = hashlib.sha256(json.dumps([_origin(entry), *kind]).encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [_this_minute(), key, json.dumps(columns)])
        # All rows of the result, though there is one: on SQLite an unfinished statement keeps its lock past the commit.
        ((count,),) = cursor.fetchall()
    return bool(count)


def append_due() -> int:
    """Append the counts of minutes that are over, within the transaction of an operation; returns how many."""
    # Skip those that another process is writing right now.
    due = RefusalCount.objects.select_for_update(skip_locked=True).filter(minute__lt=_this_minute())
    rows = list(due.order_by("minute", "pk")[:WRITTEN_AT_ONCE])
    for row in rows:
        if row.count:
            minute = datetime.fromtimestamp(row.minute * MINUTE_SECONDS, UTC)
            after = {"repeated": row.count, "minute": minute.strftime("%Y-%m-%dT%H:%MZ")}
            audit_log.append({**json.loads(row.columns), "after": after})
    RefusalCount.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def write_due() -> None:
    """Write the counts of all minutes that are over, in transactions of their own."""
    while RefusalCount.objects.filter(minute__lt=_this_minute()).exists():
        with transaction.atomic(durable=True):
            if not append_due():
                return


def _this_minute() -> int:
    return int(timezone.now().timestamp()) // MINUTE_SECONDS


def _origin(entry: AuditEntry) -> str:
    """Who was refused: the user, a command by its name, or, for nobody signed in, the address."""
    actor = entry.actor
    if actor.user_id is not None or actor.ip_address is None:
        return f"{actor.user_id} {actor.name}"
    # Whoever has an address of IPv6 has the other 2**64 of its network as well.
    prefix = 64 if ":" in actor.ip_address else 32
    return str(ipaddress.ip_network(f"{actor.ip_address}/{prefix}", strict=False))
