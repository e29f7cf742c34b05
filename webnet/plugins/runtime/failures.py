"""Logs and counts plugins' failures at run time: in memory first, then in a table that all processes share.

Counting takes neither a statement nor time, so that a plugin that fails often costs its requests nothing more.
`changes.pauses` stores the counts and checks the totals: within a second, and at once if they may suffice for a pause.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.http import UnreadablePostError

from webnet import metrics
from webnet.containment import PLUGIN_TRACEBACK, what_was_raised
from webnet.customers.models import Customer
from webnet.database.outages import is_outage
from webnet.errors import WebnetError
from webnet.plugins.models import PluginFailure
from webnet.plugins.runtime.calls import ConnectionLeftDirty
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

# More keys than a process uses in the few seconds between two rounds; beyond it, only known keys are counted.
MAXIMUM_KEYS = 10_000
UPSERT = (
    "INSERT INTO plugins_pluginfailure (plugin_name, customer_id, user_id, minute, failures) "
    "VALUES (%s, %s, %s, %s, %s) "
    "ON CONFLICT (plugin_name, customer_id, user_id, minute) "
    "DO UPDATE SET failures = plugins_pluginfailure.failures + excluded.failures"
)

# A refusal is no failure, nor is a client who leaves in the middle of its request.
NO_FAILURES = (WebnetError, PermissionDenied, UnreadablePostError)

# A plugin, and a customer's id (0 for the platform).
Pair = tuple[str, int]


@dataclass(frozen=True, kw_only=True, order=True)
class FailureKey:
    """What fails, and for whom: ids, with 0 for the platform, and if no user saw it (hooks, health checks)."""

    plugin: str
    customer_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class FailureCount:
    """How often it failed, and the last error: its kind and place, without the exception's own text."""

    failures: int
    error: str


@dataclass(frozen=True, kw_only=True)
class FailureTotal:
    """All failures of one pair within the window, by all processes; `unattended` are those of hooks and checks."""

    failures: int = 0
    unattended: int = 0
    users: int = 0

    @property
    def is_too_much(self) -> bool:
        """Failures of hooks and health checks suffice; those that users see count only if several users see them."""
        enough, users = settings.WEBNET_PAUSE_AFTER_FAILURES, settings.WEBNET_PAUSE_AFTER_USERS
        return self.unattended >= enough or (self.failures >= enough and self.users >= users)


class FailureCounter:
    """What one process has counted since `take` was last called, and the totals as it knew them then; thread-safe."""

    def __init__(self) -> None:
        self._counts: dict[FailureKey, FailureCount] = {}
        # The stored total of a pair, and the users in it whose failures this process has stored.
        self._stored: dict[Pair, tuple[FailureTotal, frozenset[int]]] = {}
        self._lock = Lock()

    def add(self, key: FailureKey, *, error: str, failures: int = 1) -> None:
        with self._lock:
            known = self._counts.get(key)
            if known is not None or len(self._counts) < MAXIMUM_KEYS:
                before = known.failures if known is not None else 0
                self._counts[key] = FailureCount(failures=before + failures, error=error)

    def take(self) -> dict[FailureKey, FailureCount]:
        """Return the counts, and start again from nothing."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def put_back(self, taken: Mapping[FailureKey, FailureCount]) -> None:
        """Add counts that could not be stored."""
        for key, count in taken.items():
            self.add(key, error=count.error, failures=count.failures)

    def forget(self) -> None:
        """Forget everything, as a process that has just started."""
        with self._lock:
            self._counts, self._stored = {}, {}

    def has_counted(self) -> bool:
        """Whether anything has to be stored."""
        return bool(self._counts)

    def may_be_enough(self) -> bool:
        """Whether a pair may have failed too often now. Others may have stored more of it since, but never less."""
        with self._lock:
            by_pair: dict[Pair, dict[int, int]] = {}
            for key, count in self._counts.items():
                by_pair.setdefault((key.plugin, key.customer_id), {})[key.user_id] = count.failures
            return any(self._add_up(pair, by_user).is_too_much for pair, by_user in by_pair.items())

    def _add_up(self, pair: Pair, by_user: Mapping[int, int]) -> FailureTotal:
        total, known = self._stored.get(pair, (FailureTotal(), frozenset()))
        return FailureTotal(
            failures=total.failures + sum(by_user.values()),
            unattended=total.unattended + by_user.get(0, 0),
            users=total.users + len(by_user.keys() - known - {0}),
        )

    def remember(self, counted: Iterable[FailureKey], totals: Mapping[Pair, FailureTotal]) -> None:
        """Note the totals after these were stored; what was too much is paused and starts again from nothing."""
        with self._lock:
            for key in counted:
                pair = key.plugin, key.customer_id
                known = self._stored.pop(pair, (None, frozenset[int]()))[1]
                total = totals.get(pair)
                if total is not None and not total.is_too_much and len(self._stored) < MAXIMUM_KEYS:
                    self._stored[pair] = total, known | {key.user_id}


counter = FailureCounter()


def count_for_user(
    plugin: str, *, user_id: int | None, customer_id: int | None, raised: BaseException | None, place: str
) -> None:
    """Count a failure that a user saw in a field, on a page or in a widget; `raised` is None after a timeout.

    `place` follows the kind of exception: "at Query.devices". What only signed-out visitors saw is not counted.
    """
    if user_id is not None:
        _count(FailureKey(plugin=plugin, customer_id=customer_id or 0, user_id=user_id), raised, place)


def report_hook(
    plugin: str, *, customer: Customer | None, hook: str, why: str, error: BaseException | None = None
) -> None:
    """Log, with the traceback, and count that a hook or a health check failed; `error` is None after a timeout.

    `why` is the end of a sentence and contains nothing of the exception's own text.
    """
    whom = f" for '{customer.slug}'" if customer is not None else ""
    logger.warning("Plugin '%s'%s: %s", plugin, whom, why, exc_info=error, extra={PLUGIN_TRACEBACK: ""})
    count_hook(plugin, customer_id=customer.pk if customer is not None else None, raised=error, place=f"in {hook}")


def count_hook(plugin: str, *, customer_id: int | None, raised: BaseException | None, place: str) -> None:
    """Count a failure of a hook or a health check, which no user has to see."""
    _count(FailureKey(plugin=plugin, customer_id=customer_id or 0, user_id=0), raised, place)


def describe_hook_error(hook: str, error: BaseException) -> str:
    """The kind of exception alone: its text may contain what only the plugin should know."""
    if isinstance(error, ConnectionLeftDirty):
        return sentence("its {hook} {error}.", hook=hook, error=str(error))
    return sentence("its {hook} raised {kind}.", hook=hook, kind=type(what_was_raised(error)).__name__)


def _count(key: FailureKey, raised: BaseException | None, place: str) -> None:
    # An outage of the database would pause all plugins at once.
    if not isinstance(raised, NO_FAILURES) and not is_outage(raised):
        kind = type(what_was_raised(raised)).__name__ if raised is not None else "Timeout"
        counter.add(key, error=f"{kind} {place}")
        metrics.plugin_failures.labels(key.plugin).inc()


def store(counted: Mapping[FailureKey, FailureCount], *, now: datetime) -> None:
    """Add what this process has counted to the table, all of it or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Sorted: two processes that lock the same rows in one order wait for each other, and can't deadlock.
        for key in sorted(counted):
            values = (key.plugin, key.customer_id, key.user_id, _minute(now), counted[key].failures)
            cursor.execute(UPSERT, values)


def sum_up(pairs: Iterable[Pair], *, now: datetime) -> dict[Pair, FailureTotal]:
    """The totals of these pairs within the window; a pair without any failure is left out."""
    wanted = set(pairs)
    # The two lists match more pairs than are wanted, but an index can use them; the rest is dropped below.
    rows = PluginFailure.objects.filter(
        minute__gt=_last_minute_before_window(now),
        plugin_name__in={plugin for plugin, _ in wanted},
        customer_id__in={customer for _, customer in wanted},
    )
    sums = rows.values_list("plugin_name", "customer_id").annotate(
        all=Sum("failures"),
        unattended=Sum("failures", filter=Q(user_id=0), default=0),
        users=Count("user_id", filter=~Q(user_id=0), distinct=True),
    )
    return {
        (plugin, customer): FailureTotal(failures=failures, unattended=unattended, users=users)
        for plugin, customer, failures, unattended, users in sums
        if (plugin, customer) in wanted
    }


def forget(plugin: str, customer_id: int) -> None:
    """Delete the failures of this pair, so that it starts at zero."""
    PluginFailure.objects.filter(plugin_name=plugin, customer_id=customer_id).delete()


def forget_old(*, now: datetime) -> None:
    """Delete what has left the window."""
    PluginFailure.objects.filter(minute__lte=_last_minute_before_window(now)).delete()


def _last_minute_before_window(now: datetime) -> int:
    minutes: int = settings.WEBNET_PAUSE_WINDOW_MINUTES
    return _minute(now) - minutes


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
