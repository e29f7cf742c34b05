"""Leaves something on the database connection wherever it is called, a different thing each time."""

from asyncio import get_running_loop
from contextlib import suppress
from itertools import cycle

from django.db import DatabaseError, connection, transaction
from misbehaving import Misbehaving


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def fail():
    run("BEGIN")
    with suppress(DatabaseError):
        run("SELECT * FROM missing_table")


def take_driver():
    connection.ensure_connection()
    connection.connection.execute("BEGIN")


LEAVERS = [
    lambda: run("BEGIN"),
    lambda: transaction.atomic().__enter__(),
    lambda: connection.execute_wrappers.append(lambda execute, *arguments: execute(*arguments)),
    fail,
    take_driver,
    lambda: transaction.set_autocommit(False),
]
if connection.vendor == "sqlite":
    LEAVERS += [lambda: run("BEGIN IMMEDIATE"), lambda: run("PRAGMA query_only = ON")]
else:
    LEAVERS += [
        lambda: run("SET search_path TO nowhere"),
        lambda: run("SET default_transaction_read_only = on"),
        lambda: run("SET statement_timeout = 1"),
    ]
TURNS = cycle(LEAVERS)


class Plugin(Misbehaving):
    name = "leaving"

    def misbehave(self):
        try:
            get_running_loop()
        except RuntimeError:
            next(TURNS)()
        else:
            raise RuntimeError("Django refuses its connection on an event loop.")
