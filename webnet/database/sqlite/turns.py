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

# Other processes have turns of their own, so that one of them may have written again before this one asks again.
PAUSE_SECONDS = 0.001


class _Turn:
    """Held by the thread that asks, and by nobody once SQLite has answered."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Have nobody hold it."""
        # Whose command is interrupted while it takes it can take it again.
        self.lock = RLock()


turn = _Turn()
os.register_at_fork(after_in_child=turn.renew)


def begin_in_turn(driver: sqlite3.Connection, begin: Callable[[], T]) -> T:
    """Begin a transaction that writes as soon as SQLite lets this thread; raises sqlite3.OperationalError.

    It waits as long as the connection waits for a lock. `begin` asks once.
    """
    with waiting(driver, milliseconds=0) as patience:
        ends = monotonic() + patience / 1000
        has_turn = turn.lock.acquire(timeout=patience / 1000)
        try:
            while True:
                try:
                    return begin()
                except sqlite3.OperationalError as error:
                    # Who has waited for too long has asked all the same: the answer is SQLite's.
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > ends:
                        raise
                sleep(PAUSE_SECONDS)
        finally:
            if has_turn:
                turn.lock.release()
