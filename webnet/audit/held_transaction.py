"""Holds a change's transaction open while a plugin's code runs in it: it can't be committed, and its end is noticed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from webnet.audit.models import Generation

TABLE = Generation._meta.db_table
INSERT = f"INSERT INTO {TABLE} (customer_id, counter, token) VALUES (%s, 0, '')"  # noqa: S608 - our own name
DELETE = f"DELETE FROM {TABLE} WHERE customer_id = %s"  # noqa: S608 - our own name


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
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [nobody])
    try:
        yield
    except BaseException as error:
        if has_ended() or (_can_go_on() and not _take_back(nobody)):
            raise TransactionEnded from error
        raise
    if has_ended():
        raise TransactionEnded
    if not _can_go_on():
        raise TransactionBroken
    if not _take_back(nobody):
        raise TransactionEnded


def has_ended() -> bool:
    """Whether the driver has no transaction although Django has begun one; no statement is sent."""
    driver = connection.connection
    if driver is None or connection.closed_in_transaction or not connection.in_atomic_block:
        return True
    if connection.vendor == "postgresql":
        return driver.info.transaction_status.name in ("IDLE", "UNKNOWN")
    try:
        return not driver.in_transaction
    except connection.Database.Error:  # It is closed.
        return True


def _can_go_on() -> bool:
    """Whether the transaction takes further statements; otherwise only a savepoint can be rolled back."""
    is_failed = connection.vendor == "postgresql" and connection.connection.info.transaction_status.name == "INERROR"
    return not is_failed and not connection.needs_rollback


def _take_back(nobody: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(DELETE, [nobody])
        return bool(cursor.rowcount)
