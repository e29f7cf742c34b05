"""What one of all serving processes does for all: it asks plugins for their health, and looks after the audit log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from django.conf import settings
from django.db import DatabaseError, connection

from webnet.audit.upkeep import UPKEEP, look_after_log
from webnet.plugins.manager import manager
from webnet.plugins.runtime.lease import Candidate

logger = logging.getLogger(__name__)

NAME = "upkeep"
# Each time it is only seen whether something is due; a day's checkpoint is thus an hour late at most.
LOG_INTERVAL_SECONDS = 3600
# Soon after the start, but not while the first requests are served.
FIRST_LOOK_SECONDS = 60


class Upkeep:
    """Threads that work while this process holds the lease, which its heartbeat keeps: one for each kind of work.

    So a plugin that answers slowly does not stop the log's upkeep, nor a long log the plugins' checks.
    """

    def __init__(self, token: str) -> None:
        self.lease = Candidate(NAME, token=token)
        self._stopping = Event()
        self._threads = [self._make_thread(look_after_log, first=FIRST_LOOK_SECONDS, seconds=LOG_INTERVAL_SECONDS)]
        if seconds := settings.WEBNET_HEALTH_SECONDS:
            self._threads.append(self._make_thread(check_health, first=seconds, seconds=seconds))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin nothing more; a task that is at work is not waited for."""
        self._stopping.set()

    def _make_thread(self, task: Callable[[], object], *, first: float, seconds: float) -> Thread:
        # Daemon threads, so that the end of the process does not wait for a plugin.
        return Thread(target=self._run, args=(task, first, seconds), name=f"upkeep-{task.__name__}", daemon=True)

    def _run(self, task: Callable[[], object], first: float, seconds: float) -> None:
        pause = first
        while not self._stopping.wait(pause):
            pause = seconds
            if self.lease.is_holder:
                run_task(task)


def check_health() -> None:
    """Ask every enabled plugin how it is; its history has the answer, and the audit log has it if it has changed."""
    manager.check_all_health(actor=UPKEEP)


def run_task(task: Callable[[], object]) -> None:
    """Run a task and log its error: it may succeed next time. No database connection is kept in between."""
    try:
        task()
    except DatabaseError as error:
        logger.warning("The periodic task %s failed, the database is not available: %s", task.__name__, error)
    except Exception:
        logger.exception("The periodic task %s failed.", task.__name__)
    finally:
        connection.close()
