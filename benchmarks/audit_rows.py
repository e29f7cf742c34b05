"""Fills an audit log fast: rows as the application writes them, with hashes that verify, many to a statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from tests.factories import make_customer
from webnet.audit.log import PLATFORM_CHAIN, POSITION_HEAD, chained_hash, hashed_text
from webnet.audit.models import AuditHead, AuditOutcome, PluginAuditLog
from webnet.customers.models import Customer

CUSTOMERS = 20
PLUGINS = 10
ACTORS = 50
ACTIONS = ("update_customer_plugin_settings", "enable_customer_plugin", "disable_customer_plugin", "set_member")
ROWS_PER_STATEMENT = 2_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def fill(count: int) -> None:
    """Write so many rows into an empty log, one a second, round and round customers, plugins, actors and actions."""
    customers: list[Customer | None] = [None, *(make_customer(f"customer-{n:02}") for n in range(CUSTOMERS))]
    ends: dict[str, AuditHead] = {}
    batch: list[PluginAuditLog] = []
    for row in _make_rows(count, customers, ends):
        batch.append(row)
        if len(batch) == ROWS_PER_STATEMENT or row.position == count:
            with transaction.atomic():
                PluginAuditLog.objects.bulk_create(batch)
            batch.clear()
    last = AuditHead(chain=POSITION_HEAD, sequence=count, created_at=_time_of(count))
    AuditHead.objects.bulk_create([*ends.values(), last])


def _make_rows(count: int, customers: list[Customer | None], ends: dict[str, AuditHead]) -> Iterator[PluginAuditLog]:
    for position in range(1, count + 1):
        columns = _columns(position, customers[position % len(customers)])
        end = ends.setdefault(columns["chain"], AuditHead(chain=columns["chain"]))
        row = PluginAuditLog(position=position, sequence=end.sequence + 1, **columns)
        row.text = hashed_text(row)
        row.hash = chained_hash(previous=end.hash, text=row.text)
        end.sequence, end.hash, end.created_at = row.sequence, row.hash, row.created_at
        yield row


def _columns(position: int, customer: Customer | None) -> dict[str, Any]:
    is_refused = position % 10 == 0
    return {
        "chain": PLATFORM_CHAIN if customer is None else str(customer.pk),
        "created_at": _time_of(position),
        "actor_id": position % ACTORS + 1_000,
        "actor_name": f"actor-{position % ACTORS:02}",
        "role": "operator" if customer else "",
        "customer_id": customer.pk if customer else None,
        "customer_slug": customer.slug if customer else "",
        "plugin_name": f"plugin_{position // 7 % PLUGINS:02}",
        "plugin_version": "1.0",
        "action": ACTIONS[position // 3 % len(ACTIONS)],
        "outcome": AuditOutcome.REFUSED.value if is_refused else AuditOutcome.SUCCEEDED.value,
        "error_code": "PERMISSION_DENIED" if is_refused else "",
        "reason": f"ticket {position}",
        "request_id": f"{position:032x}",
        "ip_address": "192.0.2.1",
        "before": {"settings": {"limit": position}},
        "after": {"settings": {"limit": position + 1}},
    }


def _time_of(position: int) -> datetime:
    return START + timedelta(seconds=position)
