"""What a plugin may do to a transaction that is not its own."""

from __future__ import annotations

import sqlite3

from django.db import connection


def execute(sql: str) -> None:
    """By a cursor of Django's."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def past_python(*statements: str) -> None:
    """As somebody would who goes around every guard in Python: by what is written in C."""
    driver = connection.connection
    for statement in statements:
        if connection.vendor == "postgresql":
            driver.pgconn.exec_(statement.encode())
        else:
            sqlite3.Connection.execute(driver, statement)


def close_past_python() -> None:
    if connection.vendor == "postgresql":
        connection.connection.pgconn.finish()
    else:
        sqlite3.Connection.close(connection.connection)
