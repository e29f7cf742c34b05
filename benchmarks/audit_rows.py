"""Fills an audit log fast: rows as the application writes them, with hashes that verify, many to a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
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


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Whom and what the rows name, in turn; None among the customers stands for the platform. Actors are (id, name)."""

    customers: Sequence[Customer | None]
    plugins: Sequence[str]
    actors: Sequence[tuple[int, str]]


def fill(count: int, cast: Cast | None = None) -> None:
    """Append so many rows, one a second, round and round customers, plugins, actors and actions."""
    ends = {head.chain: head for head in AuditHead.objects.all()}
    rows = _make_rows(count, cast or make_cast(), ends)
    while batch := list(islice(rows, ROWS_PER_STATEMENT)):
        with transaction.atomic():
            PluginAuditLog.objects.bulk_create(batch)
    columns = ["sequence", "hash", "created_at"]
    AuditHead.objects.bulk_create(ends.values(), update_conflicts=True, unique_fields=["chain"], update_fields=columns)


def make_cast() -> Cast:
    """Twenty new customers and the platform, with plugins and actors that only the log has heard of."""
    customers = [make_customer(f"customer-{n:02}") for n in range(CUSTOMERS)]
    return Cast(
        customers=[None, *customers],
        plugins=[f"plugin_{n:02}" for n in range(PLUGINS)],
        actors=[(n + 1_000, f"actor-{n:02}") for n in range(ACTORS)],
    )


def _make_rows(count: int, cast: Cast, ends: dict[str, AuditHead]) -> Iterator[PluginAuditLog]:
    last = ends.setdefault(POSITION_HEAD, AuditHead(chain=POSITION_HEAD))
    before, start = last.sequence, last.created_at or START
    for number in range(1, count + 1):
        columns = _columns(number, cast)
        end = ends.setdefault(columns["chain"], AuditHead(chain=columns["chain"]))
        time = start + timedelta(seconds=number)
        row = PluginAuditLog(position=before + number, sequence=end.sequence + 1, created_at=time, **columns)
        row.text = hashed_text(row)
        row.hash = chained_hash(previous=end.hash, text=row.text)
        end.sequence, end.hash, end.created_at = row.sequence, row.hash, row.created_at
        last.sequence, last.created_at = row.position, row.created_at
        yield row


def _columns(position: int, cast: Cast) -> dict[str, Any]:
    is_refused = position % 10 == 0
    customer = cast.customers[position % len(cast.customers)]
    actor_id, actor_name = cast.actors[position % len(cast.actors)]
    return {
        "chain": PLATFORM_CHAIN if customer is None else str(customer.pk),
        "actor_id": actor_id,
        "actor_name": actor_name,
        "role": "operator" if customer else "",
        "customer_id": customer.pk if customer else None,
        "customer_slug": customer.slug if customer else "",
        "plugin_name": cast.plugins[position // 7 % len(cast.plugins)],
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
