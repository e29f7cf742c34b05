"""Holds a change's transaction open while a plugin's code runs in it: it can't be committed, and its end is noticed."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

from django.db import connection

# A table of the host with a foreign key, in which nobody looks for rows of others.
INSERT = "INSERT INTO plugins_generation (customer_id, counter, token) VALUES (%s, 0, '')"
DELETE = "DELETE FROM plugins_generation WHERE customer_id = %s"


class _Hold(local):
    """The key of the row that holds this thread's transaction open; None if none does."""

    nobody: int | None = None


_hold = _Hold()


class TransactionEnded(Exception):
    """A plugin's code has ended the transaction that it ran in: nothing of it was stored, and nothing of it is left."""


class TransactionBroken(Exception):
    """A statement of a plugin's code failed, and the code caught the error without a savepoint of its own."""


@contextmanager
def held_open() -> Iterator[None]:
    """Make the transaction impossible to commit within the block; raises TransactionEnded or TransactionBroken after.

    A row that refers to no customer is inserted before the block and deleted after it. Foreign keys are checked at the
    commit, on both databases, so that whatever commits in between fails, also past every guard in Python; and where the
    row is gone afterwards, the transaction is another one. Outside of a transaction, this does nothing.
    """
    if not connection.in_atomic_block:
        yield
        return
    # Random, since two transactions that insert the same key would wait for each other.
    nobody = -1 - secrets.randbits(62)
    _execute(INSERT, nobody)
    _hold.nobody = nobody
    try:
        yield
    except BaseException as error:
        if has_ended() or (_can_go_on() and not _execute(DELETE, nobody)):
            raise TransactionEnded from error
        raise
    finally:
        _hold.nobody = None
    if has_ended():
        raise TransactionEnded
    if not _can_go_on():
        raise TransactionBroken
    if not _execute(DELETE, nobody):
        raise TransactionEnded


@contextmanager
def let_go() -> Iterator[None]:
    """Do without that row in the block, where all foreign keys are checked at once, as `loaddata` does."""
    nobody = _hold.nobody
    if nobody is None or not _execute(DELETE, nobody):
        yield
        return
    try:
        yield
    finally:
        if _can_go_on():
            _execute(INSERT, nobody)


def has_ended() -> bool:
    """Whether the driver has no transaction although Django has begun one; no statement is sent."""
    driver = connection.connection
    if driver is None or connection.closed_in_transaction or not connection.in_atomic_block:
        return True
    if connection.vendor == "postgresql":
        return driver.info.transaction_status.name in ("IDLE", "UNKNOWN")
    try:
        return not driver.in_transaction
    except sqlite3.Error:  # It is closed.
        return True


def _can_go_on() -> bool:
    """Whether the transaction takes further statements; otherwise only a savepoint can be rolled back."""
    is_failed = connection.vendor == "postgresql" and connection.connection.info.transaction_status.name == "INERROR"
    return not is_failed and not connection.needs_rollback


def _execute(sql: str, nobody: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, [nobody])
        count: int = cursor.rowcount
        return count
