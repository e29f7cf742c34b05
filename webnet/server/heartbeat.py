"""The heartbeat of a process that serves: while it lives, its row among the workers says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from django.db import DatabaseError, connection

from webnet.plugins.models import new_token
from webnet.plugins.registry import registry
from webnet.plugins.runtime import workers
from webnet.server.periodic_tasks import Chores

logger = logging.getLogger(__name__)

STOP_SECONDS = 5


class Heartbeat:
    """A thread that renews this process's row every few seconds; as a context, or between `start` and `stop`.

    Chores have a thread of their own: a plugin that is slow there must not make the process look dead.
    """

    def __init__(self) -> None:
        self._token = new_token()
        self._ending = Event()
        # A daemon, so that a process that is told to end never waits for it.
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)
        self._chores = Chores()

    def __enter__(self) -> None:
        self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """From now on this process counts as one that serves."""
        self._thread.start()
        self._chores.start()

    def stop(self) -> None:
        """Take the row away; where that can't be done, it counts as dead after a while."""
        self._ending.set()
        self._chores.stop()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._ending.is_set():
            _attempt(lambda: workers.beat(self._token))
            self._ending.wait(workers.BEAT_SECONDS)
        _attempt(lambda: workers.leave(self._token))
        registry.unload_all()  # here, since nobody waits for this thread for longer than a while


def _attempt(call: Callable[[], None]) -> None:
    """A database that does not answer now may do so at the next beat; between two beats no connection is kept."""
    try:
        call()
    except DatabaseError as error:
        logger.warning("The heartbeat could not be written: %s", error)
    finally:
        connection.close()
