"""How long statements wait for locks of others: as long as their thread says, or not at all."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from django.db import OperationalError, connection, transaction

from tests.factories import make_customer
from webnet.customers.models import Customer
from webnet.database.lock_waits import limit_lock_waits, without_waiting
from webnet.database.outages import BUSY, find_kind, find_outage
from webnet.database.sqlite import turns

pytestmark = pytest.mark.django_db(transaction=True)

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the database.")


def read_limit() -> str:
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if is_sqlite else "SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_a_thread_has_a_limit_of_its_own_which_costs_no_statement_and_outlives_its_connection() -> None:
    usual = read_limit()

    def read_twice() -> list[str]:
        found = []
        for _ in range(2):
            with closing(connection):
                found.append(read_limit())
        return found

    with ThreadPoolExecutor(1, initializer=limit_lock_waits, initargs=(1.5,)) as thread:
        found = thread.submit(read_twice).result()

    assert found == ["1500", "1500"] if connection.vendor == "sqlite" else ["1500ms", "1500ms"]
    assert read_limit() == usual


@on_sqlite
def test_what_must_not_wait_fails_at_once_as_busy_and_everything_after_it_waits_as_usual(acme_file: str) -> None:
    usual = read_limit()
    with closing(sqlite3.connect(acme_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError) as raised, without_waiting():
            Customer.objects.update(name="Renamed")

    outage = find_outage(raised.value)
    assert outage is not None and (outage.code, outage.status) == ("DATABASE_BUSY", 503)
    assert read_limit() == usual


@on_sqlite
def test_those_who_wait_come_before_those_who_ask_later(acme_file: str) -> None:
    """And each as long as it waits: one that has no time for it is told so by SQLite, and is as patient as before."""
    order: list[str] = []
    entered = Event()

    def write(name: str) -> None:
        with closing(connection):
            connection.ensure_connection()
            entered.set()
            with transaction.atomic():
                order.append(name)

    def write_impatiently() -> str:
        with closing(connection):
            usual = read_limit()
            with pytest.raises(OperationalError) as raised, transaction.atomic():
                pass
            assert find_kind(raised.value) is BUSY
            assert read_limit() == usual
            return usual

    with (
        ThreadPoolExecutor(10) as threads,
        ThreadPoolExecutor(1, initializer=limit_lock_waits, initargs=(0.1,)) as impatient,
        closing(sqlite3.connect(acme_file, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        first = threads.submit(write, "first")
        while is_free() and not first.done():
            pass
        assert impatient.submit(write_impatiently).result(timeout=30) == "100"
        later = []
        for _ in range(9):
            entered.clear()
            later.append(threads.submit(write, "later"))
            assert entered.wait(timeout=30)
        other.execute("ROLLBACK")
        for each in (first, *later):
            each.result(timeout=30)

    assert order == ["first", *["later"] * 9]


@on_sqlite
def test_what_time_does_not_mend_is_not_asked_again() -> None:
    asked = []

    def begin() -> None:
        asked.append("BEGIN")
        raise sqlite3.OperationalError("disk I/O error")

    connection.ensure_connection()
    usual = read_limit()
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        turns.begin_in_turn(connection.connection, begin)

    assert asked == ["BEGIN"]
    assert read_limit() == usual
    with ThreadPoolExecutor(1) as other:
        assert other.submit(is_free).result()


def is_free() -> bool:
    """Whether no other thread asks for SQLite's lock."""
    if not turns.turn.lock.acquire(blocking=False):
        return False
    turns.turn.lock.release()
    return True


@pytest.fixture
def acme_file() -> str:
    """A customer, and the file that it is in."""
    make_customer("acme")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        return str(cursor.fetchone()[2])
