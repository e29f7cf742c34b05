"""Distinguishes a database that is unavailable or overloaded from an error in a statement."""

from __future__ import annotations

import sqlite3

from django.db import InterfaceError, OperationalError

# PostgreSQL: connection exceptions, rolled back to be tried again, insufficient resources, shutting down or starting
# up (not a statement that took too long, which is 57014), system errors.
OUTAGE_SQLSTATES = ("08", "40", "53", "57P", "58")
# SQLite's primary result codes: the file is locked, read-only, unreadable, full, or can't be opened.
OUTAGE_SQLITE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)


def is_outage(error: BaseException | None) -> bool:
    """Whether the reason is the database itself and not the statement, so that no plugin is at fault."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lowest byte is the primary code, the others are details.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in OUTAGE_SQLITE_CODES
    sqlstate = getattr(cause, "sqlstate", None)
    # Without an SQLSTATE no server has answered.
    return sqlstate is None or sqlstate.startswith(OUTAGE_SQLSTATES)
