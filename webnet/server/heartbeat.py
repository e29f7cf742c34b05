"""What a serving process does beside requests: a heartbeat in its row among the workers, and periodic tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from django.db import DatabaseError, connection

from webnet.audit.models import new_token
from webnet.plugins.changes import pauses
from webnet.plugins.hooks import after_commit
from webnet.plugins.registry import registry
from webnet.plugins.runtime import workers

logger = logging.getLogger(__name__)

STOP_SECONDS = 5
TASK_INTERVAL_SECONDS = 5
TASKS_STOP_SECONDS = 1

# Each looks for work that is due, does it and returns soon, since the others wait for it.
PERIODIC_TASKS: tuple[Callable[[], object], ...] = (pauses.pause_and_retry, after_commit.call_due)


class Heartbeat:
    """A thread that renews this process's row every few seconds; as a context, or between `start` and `stop`.

    Periodic tasks have a thread of their own: a plugin that is slow there must not make the process look dead.
    """

    def __init__(self) -> None:
        self._token = new_token()
        self._ending = Event()
        # A daemon, so that a process that is told to end never waits for it.
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)
        self._tasks = PeriodicTasks()

    def __enter__(self) -> None:
        self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """From now on this process counts as one that serves."""
        self._thread.start()
        self._tasks.start()

    def stop(self) -> None:
        """Take the row away; where that can't be done, it counts as dead after a while."""
        self._ending.set()
        self._tasks.stop()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._ending.is_set():
            _write(lambda: workers.beat(self._token))
            self._ending.wait(workers.BEAT_SECONDS)
        _write(lambda: workers.leave(self._token))
        registry.unload_all()  # here, since nobody waits for this thread for longer than a while


class PeriodicTasks:
    """The thread that runs the periodic tasks, between `start` and `stop`."""

    def __init__(self) -> None:
        self._ending = Event()
        # A daemon, so that a process that is told to end never waits for a plugin.
        self._thread = Thread(target=self._run, name="periodic-tasks", daemon=True)

    def start(self) -> None:
        """Run all tasks now, and again every few seconds."""
        self._thread.start()

    def stop(self) -> None:
        """Start no further task."""
        self._ending.set()
        self._thread.join(TASKS_STOP_SECONDS)

    def _run(self) -> None:
        while not self._ending.is_set():
            for task in PERIODIC_TASKS:
                _run_task(task)
            self._ending.wait(TASK_INTERVAL_SECONDS)
        _run_task(pauses.pause_and_retry)  # what failed here since the last time would be lost with the process


def _run_task(task: Callable[[], object]) -> None:
    """What fails now may do better next time; between two times no connection is kept."""
    try:
        task()
    except DatabaseError as error:
        logger.warning("The periodic task %s waits for the database: %s", task.__name__, error)
    except Exception:
        logger.exception("The periodic task %s failed.", task.__name__)
    finally:
        connection.close()


def _write(call: Callable[[], None]) -> None:
    """A database that does not answer now may do so at the next beat; between two beats no connection is kept."""
    try:
        call()
    except DatabaseError as error:
        logger.warning("The heartbeat could not be written: %s", error)
    finally:
        connection.close()
