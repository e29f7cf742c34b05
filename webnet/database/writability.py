"""Finds out whether the database can store anything, without storing anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection

from webnet.database.lock_waits import without_waiting
from webnet.database.outages import UNWRITABLE, find_kind

READ_ONLY = "The database is read-only."
DISK_FULL = "The disk of the database is full."
# With less, a transaction may not fit any more: SQLite's log grows by whole pages.
MINIMUM_FREE_BYTES = 65_536


def find_obstacle() -> str | None:
    """Why nothing can be stored; None if something can. Raises django.db.Error if the database can't be used at all.

    Takes a few statements without a row, and waits for nobody.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _take_write_lock(cursor) or (DISK_FULL if _is_disk_full() else None)
        # True on a standby, too. The server checks it before each statement that writes.
        cursor.execute("SHOW transaction_read_only")
        return READ_ONLY if cursor.fetchone() == ("on",) else None


def _take_write_lock(cursor: Any) -> str | None:
    """Take SQLite's write lock, and let go of it at once. Nobody may write before it is taken."""
    if connection.in_atomic_block:  # it was taken when the transaction began
        return None
    try:
        with without_waiting():
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
    except OperationalError as error:
        if find_kind(error) is UNWRITABLE:
            return READ_ONLY
        if not _is_locked(error):
            raise
        # Whoever has the lock is writing.
    return None


def _is_locked(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _is_disk_full() -> bool:
    path = Path(str(connection.settings_dict["NAME"]))
    if not path.is_file():  # in memory
        return False
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize < MINIMUM_FREE_BYTES
