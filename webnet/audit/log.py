"""Appends to the audit log: chained rows, counts of repeated refusals, and notifications for listeners."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from threading import Lock
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from webnet.audit import clock
from webnet.audit.models import AuditHead, AuditOutcome, PluginAuditLog, RefusalCount
from webnet.customers.access import Actor, role_in
from webnet.customers.models import Customer
from webnet.database.model_columns import ModelColumns, has_receivers
from webnet.errors import NotFound, Refusal, shorten

PLATFORM_CHAIN = "platform"
POSITION_HEAD = "*"
HEAD, LOG = ModelColumns(AuditHead, "h"), ModelColumns(PluginAuditLog, "l")
STORE = (
    "INSERT INTO plugins_audithead (chain, sequence, hash, created_at) VALUES {} ON CONFLICT (chain) DO UPDATE "
    "SET sequence = excluded.sequence, hash = excluded.hash, created_at = excluded.created_at"
)
# The columns that are made from a row's text, so they can't be in it.
DERIVED = ("text", "hash")
# Who may change nothing gets a row with their reason, too, and no row is ever changed or removed by itself.
MAXIMUM_REASON = 1_000


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """What happened. It goes into the chain of `customer`, or the platform's; `before`/`after` contain no secret."""

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

    def columns(self) -> dict[str, Any]:
        """The row's columns, except its place in the log."""
        actor, customer = self.actor, self.customer
        role = role_in(actor, customer) if customer is not None else None
        return {
            "chain": PLATFORM_CHAIN if customer is None else str(customer.pk),
            "actor_id": actor.user_id,
            # Cut to the columns' lengths: SQLite would store more, PostgreSQL would refuse the row.
            "actor_name": _storable(actor.name)[:200],
            "role": role.value if role else "",
            "customer_id": customer.pk if customer else None,
            "customer_slug": customer.slug if customer else "",
            "plugin_name": _storable(self.plugin_name)[:100],
            "plugin_version": self.plugin_version,
            "action": self.action,
            "outcome": str(self.outcome.value),
            "error_code": self.error_code,
            "reason": shorten(_storable(self.reason), MAXIMUM_REASON),
            "request_id": actor.request_id[:64],
            "ip_address": actor.ip_address,
            "before": self.before,
            "after": self.after,
        }


def record(entry: AuditEntry) -> PluginAuditLog:
    """Append one row, as the last act of its transaction: the heads are locked until the commit."""
    return append(entry.columns())


def append(columns: Mapping[str, Any]) -> PluginAuditLog:
    """Append a row with these columns, which are those of an `AuditEntry`."""
    heads, _ = lock_ends({columns["chain"]})
    (row,) = _append_after(heads, [columns])
    return row


def record_all(entries: Sequence[AuditEntry]) -> None:
    """Append the rows in this order, after the counts that are due; as the last act of their transaction.

    The same rows as `record` would, in a few statements for all.
    """
    columns = [entry.columns() for entry in entries]
    chains = {each["chain"] for each in columns}
    heads, is_due = lock_ends(chains)
    if is_due and append_due():
        heads, _ = lock_ends(chains)
    _append_after(heads, columns)


def _append_after(heads: Mapping[str, AuditHead], columns: Sequence[Mapping[str, Any]]) -> list[PluginAuditLog]:
    rows = [make_next_row(each, end=heads[POSITION_HEAD], head=heads[each["chain"]]) for each in columns]
    # A receiver of its signals is called for a row that is saved alone.
    if len(rows) == 1 or has_receivers(PluginAuditLog):
        for row in rows:
            LOG.insert(row)
    else:
        PluginAuditLog.objects.bulk_create(rows)
    _store_ends(heads)
    return rows


def make_next_row(columns: Mapping[str, Any], *, end: AuditHead, head: AuditHead) -> PluginAuditLog:
    """The row that follows both ends, the log's and its chain's; moves them on to it. Writes nothing."""
    # Never before the last row, whatever this machine's clock shows: times never run backwards along the positions.
    machine_time = timezone.now()
    now = max(machine_time, end.created_at or machine_time)
    row = PluginAuditLog(
        position=end.sequence + 1,
        sequence=head.sequence + 1,
        created_at=now,
        machine_time=machine_time,
        **columns,
    )
    if now - machine_time > clock.TOLERANCE:
        clock.warn(log_time=now, machine_time=machine_time)
    row.text = hashed_text(row)
    row.hash = chained_hash(previous=head.hash, text=row.text)
    end.sequence, end.created_at = row.position, now
    head.sequence, head.hash, head.created_at = row.sequence, row.hash, now
    return row


def lock_ends(chains: Collection[str]) -> tuple[dict[str, AuditHead], bool]:
    """Lock the end of the whole log first, and then those of these chains; one without rows has sequence 0.

    Also whether counts of repeated refusals are due. One statement, unless one of the ends is new.
    """
    wanted = {POSITION_HEAD, *chains}
    with connection.cursor() as cursor:
        cursor.execute(_write_lock(connection.vendor, len(wanted)), [_this_minute(), *wanted])
        rows = cursor.fetchall()
    heads = {head.chain: head for head in (HEAD.read(values) for *values, _ in rows)}
    is_due = any(row[-1] for row in rows)
    if POSITION_HEAD not in heads:
        heads[POSITION_HEAD] = lock_end()
    if missing := wanted - heads.keys():
        # Whoever held the lock may have begun the chain after this statement began, so it is looked for once more.
        heads |= AuditHead.objects.in_bulk(missing)
        heads |= {each: AuditHead(chain=each) for each in missing - heads.keys()}
    return heads, is_due


@cache
def _write_lock(vendor: str, count: int) -> str:
    # Rows are locked in this order, and the whole log's end must be the first; a collation might put it elsewhere.
    return (
        f"SELECT {HEAD.sql}, EXISTS (SELECT 1 FROM plugins_refusalcount WHERE minute < %s)"  # noqa: S608 - our own names
        f" FROM {HEAD.table} WHERE h.chain IN ({', '.join(['%s'] * count)})"
        f" ORDER BY CASE h.chain WHEN '{POSITION_HEAD}' THEN 0 ELSE 1 END, h.chain"
        f"{' FOR UPDATE OF h' if vendor == 'postgresql' else ''}"
    )


def _store_ends(heads: Mapping[str, AuditHead]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    values = [(head.chain, head.sequence, head.hash, adapt(head.created_at)) for head in heads.values()]
    with connection.cursor() as cursor:
        cursor.execute(STORE.format(", ".join(["(%s, %s, %s, %s)"] * len(values))), [*chain.from_iterable(values)])


def lock_end() -> AuditHead:
    """Lock the end of the whole log until the end of the transaction; `sequence` is the last position.

    Every writer takes this lock first: positions are thus in commit order, and no two writers can deadlock.
    """
    heads = AuditHead.objects.select_for_update().filter(chain=POSITION_HEAD)
    head = heads.first()
    if head is None:
        # Another process may be the first at the same time: either's row will do.
        AuditHead.objects.bulk_create([AuditHead(chain=POSITION_HEAD)], ignore_conflicts=True)
        head = heads.get()
    return head


def hashed_text(row: PluginAuditLog, *, sort_members: bool = False) -> str:
    """The row as the text that is hashed and stored: JSON with the columns by name, times in RFC 3339.

    Members within `before` and `after` keep their order; rows of older versions of webnet have them sorted.
    """
    names = sorted(field.attname for field in PluginAuditLog._meta.concrete_fields)
    columns = {name: getattr(row, name) for name in names if name not in DERIVED}
    if row.machine_time is None:  # a row from before there was such a column
        del columns["machine_time"]
    return json.dumps(columns, sort_keys=sort_members, ensure_ascii=False, separators=(",", ":"), default=_rfc_3339)


def chained_hash(*, previous: str, text: str) -> str:
    """sha256 over the previous row's hash (empty for the first) and this row's text, in hexadecimal."""
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _rfc_3339(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not JSON: put a value of JSON into the audit row.")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _storable(text: str) -> str:
    """The text without what a database refuses (NUL, lone surrogates), so that sending it does not avoid the log."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


logger = logging.getLogger(__name__)

# The name of the PostgreSQL notification, and of the Redis channel.
CHANNEL = "webnet_events"
# Short, since every change waits for it after its commit.
REDIS_TIMEOUT_SECONDS = 1.0
# How long a Redis that did not answer is skipped, so that it slows down one change and not all of them.
REDIS_PAUSE_SECONDS = 5.0

Listener = Callable[[], object]
_listeners: list[Listener] = []
_lock = Lock()


def listen(listener: Listener) -> None:
    """Call `listener`, on the thread of the change, after each change of this process."""
    with _lock:
        _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    with _lock:
        _listeners.remove(listener)


def publish() -> None:
    """Notify all processes that rows were appended to the audit log; to be called after the commit."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener()
    if settings.REDIS_URL:
        _redis_bus(settings.REDIS_URL).publish()
    elif connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class RedisBus:
    """Publishes to Redis, and skips it for a while when it does not answer."""

    def __init__(self, url: str) -> None:
        import redis  # takes 7 MB, in processes that have a Redis only

        self._no_answer: type[Exception] = redis.RedisError
        timeouts = {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS}
        self._client = redis.Redis.from_url(url, **timeouts)
        self._resting_until = 0.0

    def publish(self) -> None:
        if monotonic() < self._resting_until:
            return
        try:
            self._client.publish(CHANNEL, "")
        except self._no_answer as problem:
            self._resting_until = monotonic() + REDIS_PAUSE_SECONDS
            logger.warning(
                "Redis does not answer (%s): events are delivered late, but none is lost.", type(problem).__name__
            )


@cache
def _redis_bus(url: str) -> RedisBus:
    return RedisBus(url)


MINUTE_SECONDS = 60
# They are written within another operation, which must not become slow.
WRITTEN_AT_ONCE = 20
# Adds one more than the given count where there is a row already, and returns the count itself where there is none.
UPSERT = (
    "INSERT INTO plugins_refusalcount (minute, key, count, columns) VALUES {} "
    "ON CONFLICT (minute, key) DO UPDATE SET count = plugins_refusalcount.count + excluded.count + 1 "
    "RETURNING key, count"
)


def is_repeated(entry: AuditEntry, refusal: Refusal) -> bool:
    """Count the refusal; returns whether an equal one of this actor or address is in this minute's log already."""
    return are_repeated([(entry, refusal)])[0]


def are_repeated(refused: Sequence[tuple[AuditEntry, Refusal]]) -> list[bool]:
    """The same for many refusals, in one statement; of equal ones among them, only the first may not be repeated."""
    kinds = [_describe_kind(entry, refusal) for entry, refusal in refused]
    times = Counter(key for key, _ in kinds)
    if not times:
        return []
    minute, columns_of = _this_minute(), dict(reversed(kinds))  # reversed, since the first of each kind is kept
    # In the order of their keys, so that two that count the same ones do not deadlock.
    values = [value for key in sorted(times) for value in (minute, key, times[key] - 1, columns_of[key])]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT.format(", ".join(["(%s, %s, %s, %s)"] * len(times))), values)
        # All rows of the result: on SQLite an unfinished statement keeps its lock past the commit.
        counts = dict(cursor.fetchall())
    known = {key for key, count in counts.items() if count >= times[key]}
    repeated = []
    for key, _ in kinds:
        repeated.append(key in known)
        known.add(key)
    return repeated


def _describe_kind(entry: AuditEntry, refusal: Refusal) -> tuple[str, str]:
    """The key under which a refusal is counted with its equals, and the columns of the row with the count."""
    columns = {**entry.columns(), "reason": "", "request_id": "", "before": None}
    if isinstance(refusal, NotFound):
        # Any number of names may be tried: they count as one kind, or each would get a row of its own.
        columns |= {"plugin_name": "", "plugin_version": ""}
    kind = [columns[name] for name in ("chain", "action", "error_code", "plugin_name")]
    key = hashlib.sha256(json.dumps([_origin(entry), *kind]).encode()).hexdigest()
    return key, json.dumps(columns)


def append_due() -> int:
    """Append the counts of minutes that are over, within the transaction of an operation; returns how many."""
    # Skip those that another process is writing right now.
    due = RefusalCount.objects.select_for_update(skip_locked=True).filter(minute__lt=_this_minute())
    rows = list(due.order_by("minute", "pk")[:WRITTEN_AT_ONCE])
    for row in rows:
        if row.count:
            minute = datetime.fromtimestamp(row.minute * MINUTE_SECONDS, UTC)
            after = {"repeated": row.count, "minute": minute.strftime("%Y-%m-%dT%H:%MZ")}
            append({**json.loads(row.columns), "after": after})
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
    """Who was refused: the user, a command by its name, or the address if nobody is signed in."""
    actor = entry.actor
    if actor.user_id is not None or actor.ip_address is None:
        return f"{actor.user_id} {actor.name}"
    # Whoever has one IPv6 address has the 2**64 others of its network as well.
    prefix = 64 if ":" in actor.ip_address else 32
    return str(ipaddress.ip_network(f"{actor.ip_address}/{prefix}", strict=False))
