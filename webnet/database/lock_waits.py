"""How long a statement waits for a lock that somebody else holds, in the options of the connections of a thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections


def limit_lock_waits(seconds: float) -> None:
    """Let statements of this thread wait that long at most; call it before the thread first asks the database.

    It is an option of the connection, so it costs no statement, and a connection that is opened again has it too.
    """
    for each in connections.all():
        options = _limit(each.vendor, each.settings_dict.get("OPTIONS", {}), seconds)
        # Django gives all threads the same dictionary.
        each.settings_dict = {**each.settings_dict, "OPTIONS": options}


@contextmanager
def without_waiting() -> Iterator[None]:
    """Let statements in the block fail at once if another process writes to SQLite, which has one lock for everything.

    On PostgreSQL, nothing changes: a row that nobody else changes is never waited for.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    with waiting(connection.connection, milliseconds=0):
        yield


@contextmanager
def waiting(driver: sqlite3.Connection, *, milliseconds: int) -> Iterator[int]:
    """Let the statements of a connection to SQLite in the block wait for a lock that long, and then as long as before.

    The block is told how many milliseconds that is.
    """
    cursor = sqlite3.Cursor(driver)  # Not the connection's own kind: these are no statements for the database file.
    (usual,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    cursor.execute(f"PRAGMA busy_timeout = {milliseconds:d}")
    try:
        yield usual
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {usual:d}")


def _limit(vendor: str, options: dict[str, Any], seconds: float) -> dict[str, Any]:
    if vendor == "sqlite":
        return {**options, "timeout": min(seconds, float(options.get("timeout", seconds)))}
    # PostgreSQL takes the last value of a parameter.
    return {**options, "options": f"{options.get('options', '')} -c lock_timeout={round(seconds * 1000)}".strip()}
