"""Distinguishes a database that is unavailable or overloaded from an error in a statement, and says what to answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.db.transaction import TransactionManagementError

from webnet.database.replica import leave_failed_replica
from webnet.errors import DatabaseOutage
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class OutageKind:
    """A kind of outage: which errors belong to it, and what the client is told.

    `sqlstates` are PostgreSQL's codes, or the beginnings of several; `sqlite_codes` are SQLite's primary result codes.
    """

    code: str
    message: str
    retry_after_seconds: int
    sqlstates: tuple[str, ...]
    sqlite_codes: frozenset[int]


UNREACHABLE = OutageKind(
    code="DATABASE_UNAVAILABLE",
    message=sentence("The database is not available at the moment: try again in a few seconds."),
    retry_after_seconds=5,
    # Connection exceptions, rolled back to be tried again, insufficient resources (not a limit of one statement, which
    # is 53400), shutting down or starting up (not a statement that took too long, which is 57014), system errors.
    sqlstates=("08", "40", "53000", "53200", "53300", "57P", "58"),
    # The file is unreadable, damaged, or can't be opened.
    sqlite_codes=frozenset(
        {
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        }
    ),
)
# The server or its files are read-only, such as those of a standby, or the disk is full. Reading may still work.
UNWRITABLE = OutageKind(
    code="DATABASE_UNAVAILABLE",
    message=sentence("The database can't store anything at the moment: nothing was changed. Try again later."),
    retry_after_seconds=30,
    sqlstates=("25006", "53100"),
    sqlite_codes=frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}),
)
# Somebody else holds a lock for longer than is waited for it (`webnet.database.lock_waits`).
BUSY = OutageKind(
    code="DATABASE_BUSY",
    message=sentence("The database is busy with other changes: nothing was changed. Try again in a few seconds."),
    retry_after_seconds=5,
    sqlstates=("55P03",),
    sqlite_codes=frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}),
)
# All kinds; the first that an error belongs to is the one that counts.
KINDS = (BUSY, UNWRITABLE, UNREACHABLE)


def is_outage(error: BaseException | None) -> bool:
    """Whether the reason is the database itself and not the statement, so that no plugin is at fault."""
    return find_kind(error) is not None


def find_outage(error: BaseException | None) -> DatabaseOutage | None:
    """What the client is told of an outage of the database; None for any other error."""
    kind = find_kind(error)
    return make_outage(kind) if kind is not None else None


def make_outage(kind: OutageKind) -> DatabaseOutage:
    """What the client is told of an outage of this kind."""
    return DatabaseOutage(kind.message, code=kind.code, retry_after_seconds=kind.retry_after_seconds)


def find_kind(error: BaseException | None) -> OutageKind | None:
    """The kind of outage that the error, or one that led to it, comes from: a plugin may have raised one of its own."""
    return next((kind for each in _chain(error) if (kind := _classify(each)) is not None), None)


def leave_lost_connection(error: BaseException | None) -> bool:
    """Close this thread's connection if the error shows that it was lost; then reading may be tried again on a new one.

    False if it still works, and within a transaction, which is lost with it.
    """
    if find_kind(error) is not UNREACHABLE or connection.in_atomic_block:
        return False
    if leave_failed_replica(error):
        return True
    # Where it was lost in a plugin's code it is closed already.
    if connection.connection is not None:
        if connection.is_usable():
            return False
        connection.close()
    return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    # Django gives the same cause to each TransactionManagementError of a connection, be it of yesterday. And code can
    # make a circle of causes.
    while error is not None and id(error) not in seen and not isinstance(error, TransactionManagementError):
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _classify(error: BaseException) -> OutageKind | None:
    if not isinstance(error, DatabaseError):
        return None
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lowest byte is the primary code, the others are details.
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return next((kind for kind in KINDS if code in kind.sqlite_codes), None)
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate is not None:
        return next((kind for kind in KINDS if sqlstate.startswith(kind.sqlstates)), None)
    # Psycopg's error without an SQLSTATE: no server has answered. One without a driver's error was raised by a plugin.
    is_of_driver = isinstance(error, OperationalError) and hasattr(cause, "sqlstate")
    return UNREACHABLE if is_of_driver or isinstance(error, InterfaceError) else None
