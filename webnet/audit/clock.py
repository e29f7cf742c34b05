"""Notices that a machine's clock was wrong: then the log's times are not those that the machine's clock said."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

from django.db.models import Count, F, Max, Min

from webnet.audit.models import PluginAuditLog

logger = logging.getLogger(__name__)

# The clocks of two hosts may differ by some seconds although both are synchronised.
TOLERANCE = timedelta(minutes=1)
# The log's time may be wrong for long, and each change would say so.
SECONDS_BETWEEN_WARNINGS = 600

_lock = Lock()
_warned_at: float | None = None


def warn(*, log_time: datetime, machine_time: datetime) -> None:
    """Log a warning, once in a while, that this machine's clock is far behind the log's time."""
    global _warned_at  # noqa: PLW0603 - one for the process, as its clock
    with _lock:
        if _warned_at is not None and monotonic() - _warned_at < SECONDS_BETWEEN_WARNINGS:
            return
        _warned_at = monotonic()
    logger.warning(
        "The audit log's time, %s, is %s ahead of this machine's clock: check the clocks of all machines. "
        "Until the clock catches up, new rows have the log's time, and the clock's as their machineTime.",
        log_time.isoformat(timespec="seconds"),
        timedelta(seconds=round((log_time - machine_time).total_seconds())),
    )


def describe_difference() -> str:
    """A sentence on the rows whose time is not that of their machine's clock; empty if there are none."""
    wrong = PluginAuditLog.objects.filter(created_at__gt=F("machine_time") + TOLERANCE)
    found = wrong.aggregate(
        count=Count("position"),
        first=Min("position"),
        last=Max("position"),
        most=Max(F("created_at") - F("machine_time")),
    )
    if not found["count"]:
        return ""
    most = timedelta(seconds=round(found["most"].total_seconds()))
    return (
        f"The times of {found['count']} rows, from position {found['first']} to {found['last']}, are up to {most} "
        f"later than the clocks of their machines: a clock was ahead when position {found['first'] - 1} was written, "
        "or others were behind. The rows are unchanged; 'machineTime' is what each clock said."
    )
