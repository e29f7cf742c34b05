"""Problems that serving processes meet: counted in memory first, then in a table that all processes share."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from threading import Lock

from django.db import connection, transaction
from django.utils import timezone

from webnet.plugins.models import ReportedProblem

# Then it is over: what goes on is reported again much sooner.
OVER_AFTER = timedelta(minutes=15)
UPSERT = (
    "INSERT INTO plugins_reportedproblem (kind, first_seen, last_seen, count) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (kind) DO UPDATE SET last_seen = excluded.last_seen, "
    "count = plugins_reportedproblem.count + excluded.count"
)


class ReportedKind(Enum):
    """What can be reported."""

    QUEUE_FULL = "queue_full"
    BUDGET_EXHAUSTED = "budget_exhausted"


_counts: dict[ReportedKind, int] = {}
_lock = Lock()


def report(kind: ReportedKind) -> None:
    """Count it; takes neither a statement nor time."""
    with _lock:
        _counts[kind] = _counts.get(kind, 0) + 1


def store() -> None:
    """Add what this process has counted to the table, and forget what is over."""
    now = timezone.now()
    ReportedProblem.objects.filter(last_seen__lt=now - OVER_AFTER).delete()
    with _lock:
        counted = dict(_counts)
        _counts.clear()
    if not counted:
        return
    moment = connection.ops.adapt_datetimefield_value(now)
    with transaction.atomic(), connection.cursor() as cursor:
        for kind in sorted(counted, key=lambda each: each.value):
            cursor.execute(UPSERT, (kind.value, moment, moment, counted[kind]))


def forget() -> None:
    """Forget what was counted and is not stored, as a process that has just started."""
    with _lock:
        _counts.clear()


def find_current() -> dict[ReportedKind, ReportedProblem]:
    """What was reported lately."""
    rows = ReportedProblem.objects.filter(last_seen__gte=timezone.now() - OVER_AFTER)
    return {ReportedKind(row.kind): row for row in rows}
