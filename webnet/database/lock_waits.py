"""How long a statement waits for a lock that somebody else holds, in the options of the connections of a thread."""

from __future__ import annotations

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
    # The driver's own connection, since this is no statement for the database file.
    driver: Any = connection.connection
    (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(usual)}")


def _limit(vendor: str, options: dict[str, Any], seconds: float) -> dict[str, Any]:
    if vendor == "sqlite":
        return {**options, "timeout": min(seconds, float(options.get("timeout", seconds)))}
    # PostgreSQL takes the last value of a parameter.
    return {**options, "options": f"{options.get('options', '')} -c lock_timeout={round(seconds * 1000)}".strip()}
