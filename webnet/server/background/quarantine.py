"""The background thread that adds this process's failures of plugins to those of the other processes, each second."""

from __future__ import annotations

from threading import Event, Thread

from django.utils import timezone

from webnet.plugins.changes import pauses
from webnet.plugins.runtime import failures
from webnet.server.background.upkeep import run_task

# After this time at most, a plugin is paused whose failures several processes have counted.
STORE_SECONDS = 1.0


class QuarantineThread:
    """Stores failures while there are any, between `start` and `stop`, and pauses plugins with too many.

    It is not one of the periodic tasks, since those wait for slow plugins.
    """

    def __init__(self) -> None:
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="quarantine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop soon. The periodic tasks, which end later, store what is counted until then."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(STORE_SECONDS):
            if failures.counter.has_counted():
                run_task(store)


def store() -> None:
    """Store what has failed; what can't be stored is tried again a second later."""
    pauses.store_and_pause(timezone.now())
