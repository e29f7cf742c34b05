"""A database that is away is no plugin's fault; a table that is missing is."""

import sqlite3

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection, transaction

from webnet.database.outages import find_outage, is_outage
from webnet.plugins.runtime import failures


def caused(error, cause):
    error.__cause__ = cause
    return error


def sqlite_error(code):
    error = sqlite3.OperationalError("of some kind")
    error.sqlite_errorcode = code
    return caused(OperationalError(), error)


@pytest.mark.parametrize(
    "error",
    [
        InterfaceError("connection already closed"),
        caused(OperationalError(), psycopg.OperationalError("the connection is lost")),
        caused(OperationalError(), psycopg.errors.AdminShutdown()),
        caused(OperationalError(), psycopg.errors.TooManyConnections()),
        caused(OperationalError(), psycopg.errors.DeadlockDetected()),
        sqlite_error(sqlite3.SQLITE_BUSY),
        sqlite_error(sqlite3.SQLITE_IOERR | (3 << 8)),
    ],
    ids=repr,
)
def test_the_database_itself(error):
    failures.count_hook("inventory", customer_id=1, raised=error, place="in on_enable")
    failures.count_for_user("inventory", user_id=1, customer_id=1, raised=error, place="at Query.shelf")

    assert is_outage(error) and failures.counter.take() == {}


@pytest.mark.parametrize(
    "error",
    [
        sqlite_error(sqlite3.SQLITE_BUSY),
        sqlite_error(sqlite3.SQLITE_LOCKED),
        caused(OperationalError(), psycopg.errors.LockNotAvailable()),
    ],
    ids=repr,
)
def test_a_lock_that_somebody_else_holds_is_an_outage_of_its_own(error):
    assert find_outage(error).code == "DATABASE_BUSY"


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError(),
        DatabaseError(),
        caused(ProgrammingError(), psycopg.errors.UndefinedTable()),
        caused(OperationalError(), psycopg.errors.QueryCanceled()),
        sqlite_error(sqlite3.SQLITE_ERROR),
    ],
    ids=repr,
)
def test_what_was_asked_of_it(error):
    assert not is_outage(error)


@pytest.mark.django_db
def test_a_missing_table_of_this_very_database():
    with pytest.raises(DatabaseError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM there_is_no_such_table")

    assert not is_outage(raised.value)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose.")
def test_a_connection_that_is_lost_on_the_way():
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()

    assert is_outage(raised.value)
