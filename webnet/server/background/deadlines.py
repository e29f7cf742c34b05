"""The background thread that interrupts the statements of requests that have taken all of their time."""

from __future__ import annotations

import logging
from threading import Event, Thread
from weakref import WeakSet

from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.open_requests import Work

logger = logging.getLogger(__name__)

# How much longer than its time a statement may run, and how long one whose client has left.
CHECK_INTERVAL_SECONDS = 0.5


class DeadlineThread:
    """Looks at all open requests, between `start` and `stop`.

    It is not the watchdog: that one must not wait, and to have a statement cancelled takes as long as the network does.
    """

    def __init__(self) -> None:
        self._stopping = Event()
        self._known: WeakSet[Work] = WeakSet()
        self._thread = Thread(target=self._run, name="deadlines", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop soon."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(CHECK_INTERVAL_SECONDS):
            try:
                self._interrupt()
            except Exception:
                logger.exception("Requests that are over their time could not be interrupted.")

    def _interrupt(self) -> None:
        for work in open_requests.interrupt_overdue():
            if work not in self._known:
                self._known.add(work)
                logger.warning("A request for %s is over its time, or its client has left: it is stopped.", work.path)
