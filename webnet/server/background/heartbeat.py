"""The background threads of a serving process: the heartbeat of its rows in the database, and periodic tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from django.db import DatabaseError, connection
from django.db.models import Max

from webnet import metrics
from webnet.audit.models import PluginAuditLog, new_token
from webnet.plugins.changes import deaths, pauses
from webnet.plugins.hooks import after_commit
from webnet.plugins.registry import registry
from webnet.plugins.runtime import reported_problems, workers
from webnet.server.background import hung_plugins
from webnet.server.background.deadlines import DeadlineThread
from webnet.server.background.quarantine import QuarantineThread
from webnet.server.background.upkeep import Upkeep, run_task

logger = logging.getLogger(__name__)

STOP_SECONDS = 5
TASK_INTERVAL_SECONDS = 5
TASKS_STOP_SECONDS = 1

# Each does the work that is due and returns soon, since the next one waits for it.
PERIODIC_TASKS: tuple[Callable[[], object], ...] = (
    hung_plugins.pause_noted,
    deaths.count_and_pause,
    pauses.pause_and_retry,
    after_commit.call_due,
    reported_problems.store,
)


class Heartbeat:
    """A thread that renews this process's row every few seconds; use it as a context manager, or `start` and `stop` it.

    With the row, it keeps the lease of the work that one process does for all.
    Periodic tasks have a thread of their own, so that a slow plugin does not make the process look dead.
    """

    def __init__(self) -> None:
        self._token = new_token()
        self._stopping = Event()
        # A daemon thread, which the end of the process does not wait for.
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)
        self._tasks = PeriodicTasks()
        self._upkeep = Upkeep(self._token)
        self._quarantine = QuarantineThread()
        self._deadlines = DeadlineThread()

    def __enter__(self) -> None:
        self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Register this process as a worker, and start the periodic tasks."""
        self._thread.start()
        self._tasks.start()
        self._upkeep.start()
        self._quarantine.start()
        self._deadlines.start()

    def stop(self) -> None:
        """Delete the row. If that fails, the process counts as dead after a while."""
        self._stopping.set()
        self._upkeep.stop()
        self._quarantine.stop()
        self._tasks.stop()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            _write(lambda: workers.beat(self._token))
            _write(self._upkeep.lease.keep)
            _write(note_position)
            self._stopping.wait(workers.BEAT_SECONDS)
        _write(self._upkeep.lease.release)
        _write(lambda: workers.leave(self._token))
        registry.unload_all()  # on this thread, since `stop` limits how long it waits for it


class PeriodicTasks:
    """The thread that runs the periodic tasks, between `start` and `stop`."""

    def __init__(self) -> None:
        self._stopping = Event()
        # A daemon thread, so that the end of the process does not wait for a plugin.
        self._thread = Thread(target=self._run, name="periodic-tasks", daemon=True)

    def start(self) -> None:
        """Run all tasks now, and then every few seconds."""
        self._thread.start()

    def stop(self) -> None:
        """Start no more tasks."""
        self._stopping.set()
        self._thread.join(TASKS_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            for task in PERIODIC_TASKS:
                run_task(task)
            self._stopping.wait(TASK_INTERVAL_SECONDS)
        run_task(pauses.pause_and_retry)  # or failures counted since the last time would be lost


def note_position() -> None:
    """Tell the metrics how far the audit log is."""
    last = PluginAuditLog.objects.aggregate(last=Max("position"))["last"]
    metrics.audit_position.set(last or 0)


def _write(call: Callable[[], None]) -> None:
    """Write to the row and log an error: the next heartbeat may succeed. No database connection is kept in between."""
    try:
        call()
    except DatabaseError as error:
        logger.warning("The heartbeat could not be written: %s", error)
    finally:
        connection.close()
