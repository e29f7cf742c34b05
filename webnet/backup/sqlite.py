"""The database as a SQLite file: copied by SQLite's backup API, while others read and write."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

from webnet.backup.errors import BackupError
from webnet.backup.manifest import Progress

FILE_NAME = "database.sqlite3"
# Between two of them the progress is shown: 4 MiB.
PAGES_AT_ONCE = 1024
# Longer than any write of webnet's own, and much shorter than for ever.
LOCK_SECONDS = 60
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def dump(folder: Path, progress: Progress) -> Path:
    """Write the state that the current transaction sees into a file of its own."""
    path = folder / FILE_NAME
    with closing(sqlite3.connect(path, isolation_level=None)) as target:
        _copy(_raw_connection(), target, "Copying", progress)
        # One file that needs no other beside it: what is copied has the journal mode of its source.
        target.execute("PRAGMA journal_mode = DELETE")
    return path


@contextmanager
def staged(dumped: Path, progress: Progress) -> Iterator[None]:
    """Connect this thread to a copy of the dump, and at the end of the block replace the database with that copy.

    That is one transaction of SQLite: other processes see all of it or nothing, whenever this one is killed.
    """
    with tempfile.TemporaryDirectory(prefix="restore-", dir=settings.WEBNET_DATA_DIR) as folder:
        copy = Path(folder) / FILE_NAME
        shutil.copyfile(dumped, copy)
        with _connected_to(copy):
            _require_sound()
            yield
        # The last connection to it was closed, so that everything is in the file.
        with closing(sqlite3.connect(copy, isolation_level=None)) as source:
            _copy(source, _raw_connection(), "Replacing", progress)


@contextmanager
def _connected_to(path: Path) -> Iterator[None]:
    live = connections[DEFAULT_DB_ALIAS]
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    other.settings_dict = {**live.settings_dict, "NAME": str(path)}
    connections[DEFAULT_DB_ALIAS] = other
    try:
        yield
    finally:
        other.close()
        connections[DEFAULT_DB_ALIAS] = live


def _require_sound() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        ((found,),) = cursor.fetchall()
    if found != "ok":
        raise BackupError(f"The database in the backup is damaged ({found}).")


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, step: str, progress: Progress) -> None:
    deadline = monotonic() + LOCK_SECONDS
    (page_bytes,) = source.execute("PRAGMA page_size").fetchone()

    def show(status: int, remaining: int, total: int) -> None:
        # SQLite would try again for ever.
        if status in LOCKED and monotonic() > deadline:
            raise BackupError(f"Another process has locked the database for {LOCK_SECONDS} seconds: try again later.")
        progress(step, (total - remaining) * page_bytes, total * page_bytes)

    source.backup(target, pages=PAGES_AT_ONCE, progress=show)


def _raw_connection() -> sqlite3.Connection:
    connection.ensure_connection()
    raw: Any = connection.connection
    return raw  # type: ignore[no-any-return]  # It is the driver's.
