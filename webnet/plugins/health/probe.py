"""Runs plugins' health checks off the caller's thread, with a deadline, and stores their results."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.utils import timezone

from webnet.containment import what_was_raised
from webnet.customers.models import Customer
from webnet.errors import NotFound, SecretUnreadable
from webnet.plugins.base import HealthReport
from webnet.plugins.hooks.child_process import START_SECONDS
from webnet.plugins.models import PluginConfig, PluginHealth
from webnet.plugins.runtime import deaths, failures
from webnet.plugins.runtime.thread_lanes import Lane, LaneBlocked
from webnet.sentences import sentence

# A user or a command waits for the result.
DEADLINE_SECONDS = 5.0
# Of each plugin for the platform, and for each customer.
KEPT_RESULTS = 100

# What the check returned or raised, and how many milliseconds it took.
Answered: TypeAlias = "tuple[HealthReport | BaseException, float]"


@dataclass(frozen=True, kw_only=True)
class TimedReport:
    """The result of a check, and how long it took."""

    report: HealthReport
    duration_ms: float


@dataclass(frozen=True, kw_only=True)
class RunningCheck:
    """A check that was started; `future` is None if every thread of the plugin hangs in earlier checks."""

    plugin: str
    customer: Customer | None
    started: float
    ends: float
    future: Future[Answered] | None


def start(call: Callable[[], Any], *, plugin: str, customer: Customer | None = None) -> RunningCheck:
    """Start a check, without waiting for its result."""
    started = time.monotonic()
    # A suspect plugin's check runs in a process of its own, which has to be started first.
    ends = started + DEADLINE_SECONDS + (START_SECONDS if deaths.is_suspect(plugin) else 0)
    try:
        future = _lane(plugin).start(lambda: _time(call))
    except LaneBlocked:
        return RunningCheck(plugin=plugin, customer=customer, started=started, ends=ends, future=None)
    return RunningCheck(plugin=plugin, customer=customer, started=started, ends=ends, future=future)


def finish(check: RunningCheck) -> TimedReport:
    """Wait for the result until the deadline: UNHEALTHY if the check raises, UNKNOWN if it hangs.

    Python can't stop a thread: one that hangs stays behind until it returns or the process ends.
    """
    if check.future is None:
        return _hang(check, sentence("did not return before, and all its threads still hang"))
    wait([check.future], timeout=max(0.0, check.ends - time.monotonic()))
    if not check.future.done():
        check.future.cancel()
        seconds = f"{DEADLINE_SECONDS:g}"
        return _hang(check, sentence("did not return within {seconds} s", seconds=seconds))
    answered, duration_ms = check.future.result()
    report = answered if isinstance(answered, HealthReport) else _fail(check, answered)
    return TimedReport(report=report, duration_ms=duration_ms)


def find_latest(row: PluginConfig, customer: Customer | None) -> PluginHealth | None:
    """The last result of this plugin, for the platform or for the customer."""
    return PluginHealth.objects.filter(plugin=row, customer=customer, is_latest=True).first()


def store(row: PluginConfig, customer: Customer | None, found: TimedReport) -> PluginHealth:
    """Store the result as the latest one of this plugin, for the platform or for the customer.

    To be called within a transaction. Raises NotFound if the plugin was uninstalled in the meantime.
    """
    # Lock the plugin's row, so that of two results only one is the latest. `no_key` lets others insert rows that refer
    # to the plugin meanwhile.
    if not PluginConfig.objects.select_for_update(no_key=True).filter(pk=row.pk).first():
        raise NotFound.plugin(row.name)
    results = PluginHealth.objects.filter(plugin=row, customer=customer)
    # One row is the latest, by a unique constraint, so the former one goes first.
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
    # The newest row beyond those that are kept; it and all older ones are deleted.
    surplus = results.order_by("-pk").values_list("pk", flat=True)[KEPT_RESULTS : KEPT_RESULTS + 1]
    results.filter(pk__lte=next(iter(surplus), 0)).delete()
    return health


@cache
def _lane(plugin: str) -> Lane:
    return Lane(plugin, patience_seconds=DEADLINE_SECONDS)


def _time(call: Callable[[], Any]) -> Answered:
    answered: HealthReport | BaseException
    started = time.perf_counter()
    try:
        answered = HealthReport.read(call())
    except BaseException as error:  # noqa: BLE001 - on a thread of the plugin's own, also its sys.exit()
        answered = error
    return answered, (time.perf_counter() - started) * 1000


def _hang(check: RunningCheck, what: str) -> TimedReport:
    _report(check, f"its health_check {what}.", None)
    duration_ms = (time.monotonic() - check.started) * 1000
    report = HealthReport(status="unknown", message=sentence("The check {what}.", what=what))
    return TimedReport(report=report, duration_ms=duration_ms)


def _fail(check: RunningCheck, error: BaseException) -> HealthReport:
    if isinstance(error, SecretUnreadable):
        _report(check, error.message, error)
        return HealthReport(status="unhealthy", message=error.message)
    _report(check, failures.describe_hook_error("health_check", error), error)
    kind = type(what_was_raised(error)).__name__
    return HealthReport(status="unhealthy", message=sentence("The check raised {kind}.", kind=kind))


def _report(check: RunningCheck, why: str, error: BaseException | None) -> None:
    failures.report_hook(check.plugin, customer=check.customer, hook="health_check", why=why, error=error)
