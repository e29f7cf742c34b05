"""Runs a plugin's health check off the caller's thread, with a deadline, and stores what it said."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connection
from django.utils import timezone

from webnet.customers.models import Customer
from webnet.errors import NotFound, SecretUnreadable
from webnet.plugins.base import HealthReport
from webnet.plugins.models import PluginConfig, PluginHealth

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 5.0
# Of each plugin for the platform, and for each customer.
KEPT_RESULTS = 100


@dataclass(frozen=True, kw_only=True)
class TimedReport:
    """What a check said, and how long it took."""

    report: HealthReport
    duration_ms: float


def check(call: Callable[[], Any], *, plugin: str) -> TimedReport:
    """Run one check; what raises is unhealthy, what hangs past the deadline is unknown, and neither holds us up.

    Python can't stop a thread: one that hangs stays behind as a daemon until it returns or the process ends.
    """
    answers: SimpleQueue[HealthReport] = SimpleQueue()
    started = time.perf_counter()
    threading.Thread(target=lambda: answers.put(_answer(call, plugin)), name=f"health-{plugin}", daemon=True).start()
    try:
        report = answers.get(timeout=DEADLINE_SECONDS)
    except Empty:
        report = HealthReport(status="unknown", message=f"The check gave no answer within {DEADLINE_SECONDS:g} s.")
    return TimedReport(report=report, duration_ms=(time.perf_counter() - started) * 1000)


def store(row: PluginConfig, customer: Customer | None, found: TimedReport) -> PluginHealth:
    """Keep the result as the last one of this plugin, for the platform or for the customer, before the former ones.

    To be called within a transaction. Raises NotFound where the plugin was uninstalled in the meantime.
    """
    # One check of a plugin is stored after the other, so that there is one last one. Not against foreign keys to it.
    if not PluginConfig.objects.select_for_update(no_key=True).filter(pk=row.pk).first():
        raise NotFound.plugin(row.name)
    results = PluginHealth.objects.filter(plugin=row, customer=customer)
    results.filter(is_latest=True).update(is_latest=False)
    health = PluginHealth.objects.create(
        plugin=row,
        customer=customer,
        status=found.report.status,
        message=found.report.message,
        details=dict(found.report.details),
        checked_at=timezone.now(),
        duration_ms=found.duration_ms,
    )
    surplus = results.order_by("-pk").values_list("pk", flat=True)[KEPT_RESULTS : KEPT_RESULTS + 1]
    results.filter(pk__lte=next(iter(surplus), 0)).delete()
    return health


def _answer(call: Callable[[], Any], plugin: str) -> HealthReport:
    try:
        return HealthReport.read(call())
    except SecretUnreadable as error:
        logger.error("Plugin '%s': %s", plugin, error.message)  # noqa: TRY400 - the sentence says it all
        return HealthReport(status="unhealthy", message=error.message)
    except (Exception, SystemExit) as error:
        logger.warning("Plugin '%s': its health check raised.", plugin, exc_info=error)
        return HealthReport(status="unhealthy", message=f"The check raised {type(error).__name__}.")
    finally:
        connection.close()
