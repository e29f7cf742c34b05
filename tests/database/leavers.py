"""What a plugin's code may leave on a database connection, each by its name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connection, transaction
from psycopg.types.string import TextBinaryLoader

from tests.factories import make_user


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def wrap(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    return execute(sql, params, many, context)


def open_atomic() -> None:
    transaction.atomic().__enter__()


def swallow_error() -> None:
    with suppress(DatabaseError):
        execute("SELECT * FROM missing_table")


def fail_in_transaction() -> None:
    execute("BEGIN")
    swallow_error()


def use_raw_driver() -> None:
    connection.ensure_connection()
    connection.connection.execute("BEGIN")


def insert_without_autocommit() -> None:
    transaction.set_autocommit(False)
    make_user("lost")


def set_within_atomic() -> None:
    with transaction.atomic():
        execute("SET statement_timeout = 1")


def call_driver(name: str, *arguments: Any) -> None:
    connection.ensure_connection()
    getattr(connection.connection, name)(*arguments)


STATES: dict[str, Callable[[], Any]] = {
    "BEGIN": lambda: execute("BEGIN"),
    "BEGIN and a change": lambda: (execute("BEGIN"), make_user("lost")),
    "a failed transaction": fail_in_transaction,
    "the driver": use_raw_driver,
    "autocommit": lambda: transaction.set_autocommit(False),
    "a change without autocommit": insert_without_autocommit,
    "atomic": open_atomic,
    "a connection closed in atomic": lambda: (open_atomic(), connection.close()),
    "two atomics": lambda: (open_atomic(), open_atomic()),
    "execute_wrappers": lambda: connection.execute_wrappers.append(wrap),
    "other execute_wrappers": lambda: setattr(connection, "execute_wrappers", [wrap]),
}
SESSION_CHANGES = {
    "sqlite": {
        "PRAGMA": lambda: execute("PRAGMA query_only = ON"),
        "PRAGMA by the driver": lambda: call_driver("execute", "PRAGMA query_only = 1"),
        "BEGIN IMMEDIATE": lambda: execute("BEGIN IMMEDIATE"),
        "isolation_level": lambda: setattr(connection.connection, "isolation_level", "DEFERRED"),
        "row_factory": lambda: setattr(connection.connection, "row_factory", dict),
        "setlimit": lambda: call_driver("setlimit", 1, 100),
        "set_authorizer": lambda: connection.connection.set_authorizer(lambda *_: 1),
    },
    "postgresql": {
        "a loader": lambda: connection.connection.adapters.register_loader("text", TextBinaryLoader),
        "a pipeline": lambda: connection.connection.pipeline().__enter__(),
        "SET": lambda: execute("SET search_path TO nowhere"),
        "a comment before it": lambda: execute("/* nothing */ SET search_path TO nowhere"),
        "set_config": lambda: execute("SELECT set_config('search_path', 'nowhere', false)"),
        "read-only": lambda: execute("SET default_transaction_read_only = on"),
        "statement_timeout": lambda: execute("SET statement_timeout = 1"),
        "SET by the driver": lambda: call_driver("execute", "SET statement_timeout = 1"),
        "SET as bytes": lambda: call_driver("execute", b"SET statement_timeout = 1"),
        "autocommit": lambda: setattr(connection.connection, "autocommit", False),
        "set_read_only": lambda: connection.connection.set_read_only(True),
        "SET in a transaction": set_within_atomic,
    },
}[connection.vendor]


LEAVERS = {**STATES, **SESSION_CHANGES}
