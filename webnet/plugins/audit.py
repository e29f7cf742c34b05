"""Writes the audit log: position, sequence and hash chain, in the same transaction as the change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import F
from django.utils import timezone

from webnet.customers.access import Actor, role_in
from webnet.customers.models import Customer
from webnet.plugins.models import AuditHead, AuditOutcome, PluginAuditLog

PLATFORM_CHAIN = "platform"
POSITION_HEAD = "*"


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """What happened. It goes into the chain of `customer`, or the platform's; `before`/`after` hold no secret."""

    actor: Actor
    action: str
    outcome: AuditOutcome = AuditOutcome.SUCCEEDED
    customer: Customer | None = None
    plugin_name: str = ""
    plugin_version: str = ""
    error_code: str = ""
    reason: str = ""
    before: Any = None
    after: Any = None


def record(entry: AuditEntry) -> PluginAuditLog:
    """Append one row, as the last act of its transaction: the heads are locked until the commit."""
    chain = PLATFORM_CHAIN if entry.customer is None else str(entry.customer.pk)
    position = _lock_position()
    head, _ = AuditHead.objects.get_or_create(chain=chain)
    row = PluginAuditLog(
        position=position + 1, chain=chain, sequence=head.sequence + 1, created_at=timezone.now(), **_columns(entry)
    )
    row.text = hashed_text(row)
    row.hash = chained_hash(previous=head.hash, text=row.text)
    row.save(force_insert=True)
    AuditHead.objects.filter(chain=POSITION_HEAD).update(sequence=F("sequence") + 1)
    AuditHead.objects.filter(chain=chain).update(sequence=row.sequence, hash=row.hash)
    return row


def hashed_text(row: PluginAuditLog) -> str:
    """The row as the text that is hashed and stored: JSON with sorted keys, times in RFC 3339."""
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    for derived in ("id", "text", "hash"):
        del columns[derived]
    return orjson.dumps(columns, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()


def chained_hash(*, previous: str, text: str) -> str:
    """sha256 over the previous row's hash (empty for the first) and this row's text, in hexadecimal."""
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _lock_position() -> int:
    # The platform-wide head comes first for every writer: positions are thus in commit order, and no two
    # writers can wait for each other.
    heads = AuditHead.objects.select_for_update().filter(chain=POSITION_HEAD)
    head = heads.first()
    if head is None:
        AuditHead.objects.bulk_create([AuditHead(chain=POSITION_HEAD)], ignore_conflicts=True)
        head = heads.get()
    return head.sequence


def _columns(entry: AuditEntry) -> dict[str, Any]:
    actor, customer = entry.actor, entry.customer
    role = role_in(actor, customer) if customer is not None else None
    return {
        "actor_id": actor.user_id,
        "actor_name": actor.name[:200],
        "role": role.value if role else "",
        "customer_id": customer.pk if customer else None,
        "customer_slug": customer.slug if customer else "",
        "plugin_name": entry.plugin_name[:100],
        "plugin_version": entry.plugin_version,
        "action": entry.action,
        "outcome": str(entry.outcome.value),
        "error_code": entry.error_code,
        "reason": entry.reason,
        "request_id": actor.request_id[:64],
        "ip_address": actor.ip_address,
        "before": entry.before,
        "after": entry.after,
    }
