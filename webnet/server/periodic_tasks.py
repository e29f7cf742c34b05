"""What a process that serves does beside serving: every few seconds, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from django.db import DatabaseError, connection

from webnet.plugins import quarantine
from webnet.plugins.hooks import after_commit

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 5
STOP_SECONDS = 1

# Each looks for what is to be done, does it, and comes back soon: the others wait for it.
CHORES: tuple[Callable[[], object], ...] = (quarantine.keep, after_commit.call_due)


class Chores:
    """The thread that does them, between `start` and `stop`."""

    def __init__(self) -> None:
        self._ending = Event()
        # A daemon, so that a process that is told to end never waits for a plugin.
        self._thread = Thread(target=self._run, name="chores", daemon=True)

    def start(self) -> None:
        """Do all of them now, and every few seconds from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Begin none any more."""
        self._ending.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._ending.is_set():
            for chore in CHORES:
                _attempt(chore)
            self._ending.wait(SECONDS_BETWEEN)
        _attempt(quarantine.keep)  # what failed here since the last time would be lost with the process


def _attempt(chore: Callable[[], object]) -> None:
    """What fails now may do better next time; between two times no connection is kept."""
    try:
        chore()
    except DatabaseError as error:
        logger.warning("The chore %s waits for the database: %s", chore.__name__, error)
    except Exception:
        logger.exception("The chore %s failed.", chore.__name__)
    finally:
        connection.close()
