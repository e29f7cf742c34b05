"""Outages of the tests' database: one that can't be reached, and one that takes no writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
import pytest
from django.db import OperationalError, connection, connections

from tests.servers import find_free_port


@contextmanager
def unreachable() -> Iterator[None]:
    """No statement reaches the database: each raises what the driver raises where there is none."""
    try:
        if connection.vendor == "postgresql":
            psycopg.connect(f"postgres://nobody@127.0.0.1:{find_free_port()}/nothing")
        else:
            sqlite3.connect("/nowhere/webnet.sqlite3")
    except (psycopg.Error, sqlite3.Error) as error:
        reason = error
    with pytest.MonkeyPatch.context() as patch:

        def fail(*_arguments: Any, **_options: Any) -> NoReturn:
            raise OperationalError(str(reason)) from reason

        patch.setattr(type(connections["default"]), "cursor", fail)
        yield


@contextmanager
def read_only() -> Iterator[None]:
    """The database refuses every write by itself."""
    off, on = ("SET default_transaction_read_only = off", "SET default_transaction_read_only = on")
    if connection.vendor == "sqlite":
        off, on = "PRAGMA query_only = OFF", "PRAGMA query_only = ON"
    with connection.cursor() as cursor:
        cursor.execute(on)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)


def cut_connection() -> None:
    """The PostgreSQL server ends this thread's connection; raises what the driver does about it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
