"""Of the threads of a process that want to write, one at a time asks SQLite for its lock, and often.

SQLite has no queue. Whoever waits asks again after a while, and the while becomes longer, up to a tenth of a second.
Whoever comes later asks more often, so one of many could wait until its patience is over while others write again and
again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from threading import RLock
from time import monotonic, sleep
from typing import TypeVar

from webnet.database.lock_waits import waiting

T = TypeVar("T")

# Between two times that a thread asks. Processes have no turns among them: if this were longer, one that writes again
# and again would hardly let another in.
PAUSE_SECONDS = 0.001


class _Turn:
    """Held by the thread that asks, and by nobody once SQLite has answered."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Have nobody hold it."""
        # A command that is interrupted just when it has taken its turn can take it again.
        self.lock = RLock()


turn = _Turn()
os.register_at_fork(after_in_child=turn.renew)


def begin_in_turn(driver: sqlite3.Connection, begin: Callable[[], T]) -> T:
    """Begin a transaction that writes as soon as SQLite lets this thread. Raises sqlite3.OperationalError.

    It waits as long as the connection waits for a lock. `begin` asks SQLite once.
    """
    with waiting(driver, milliseconds=0) as patience:
        ends = monotonic() + patience / 1000
        has_turn = turn.lock.acquire(timeout=patience / 1000)
        try:
            while True:
                try:
                    return begin()
                except sqlite3.OperationalError as error:
                    # Whoever has waited for too long in the queue has asked once all the same: the answer is SQLite's.
                    is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                    if not is_busy or monotonic() > ends:
                        raise
                sleep(PAUSE_SECONDS)
        finally:
            if has_turn:
                turn.lock.release()
