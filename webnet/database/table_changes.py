"""Lets one process at a time change the tables of plugins: migrations and uninstalling are many transactions."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from webnet.errors import TablesBusy

# Longer than most migrations take. A process that waited finds nothing left to do, as after a start of several hosts.
WAIT_SECONDS = 60.0
TRY_AGAIN_SECONDS = 0.1
# The key of PostgreSQL's advisory lock: any number that nobody else has.
LOCK_KEY = 7_706_310_011


@contextmanager
def changing_tables() -> Iterator[None]:
    """Hold the lock in the block; when the process dies, the system or the server frees it. Raises TablesBusy."""
    with _postgresql_lock() if connection.vendor == "postgresql" else _file_lock():
        yield


@contextmanager
def _postgresql_lock() -> Iterator[None]:
    # Of the session and not of a transaction, since there are several.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
        ends = time.monotonic() + WAIT_SECONDS
        while not cursor.fetchone()[0]:
            _wait_until(ends)
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
    try:
        yield
    finally:
        # Without a connection, the server has freed it already.
        if connection.connection is not None and not connection.closed_in_transaction:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


@contextmanager
def _file_lock() -> Iterator[None]:
    """On SQLite, beside the database's file."""
    if connection.is_in_memory_db():  # type: ignore[attr-defined]  # of the backend for SQLite
        yield  # Nobody else has it.
        return
    with Path(f"{connection.settings_dict['NAME']}-tables.lock").open("w") as file:
        ends = time.monotonic() + WAIT_SECONDS
        while not _try_lock(file.fileno()):
            _wait_until(ends)
        yield


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(ends: float) -> None:
    if time.monotonic() > ends:
        raise TablesBusy
    time.sleep(TRY_AGAIN_SECONDS)
