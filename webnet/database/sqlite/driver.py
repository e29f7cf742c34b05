"""The driver's connection and cursors, which watch what plugins' code does with them."""

from __future__ import annotations

import sqlite3
from functools import lru_cache, partial
from typing import Any

from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from webnet.database.deadlines import run_fetch, run_statement
from webnet.database.guard import watch_change, watch_control, watch_statement
from webnet.database.sqlite.turns import begin_in_turn

# How Django begins a transaction with webnet's settings (`describe_database`).
BEGIN_WRITING = "BEGIN IMMEDIATE"
# It takes as long to convert a statement of a thousand characters as to find a row by its key. Together 2 MB at most.
KNOWN_STATEMENTS = 256
LONGEST_KNOWN = 4_000


class SqliteCursor(sqlite3.Cursor):
    """Lets each statement be watched before it is executed, and be interrupted while it is, or while it has rows."""

    connection: SqliteConnection

    def execute(self, sql: str, *arguments: Any) -> Any:
        watch_statement(sql)
        if sql == BEGIN_WRITING:
            begin = partial(super().execute, sql, *arguments)
            return run_statement(self.connection, sql, begin_in_turn, self.connection, begin)
        return run_statement(self.connection, sql, super().execute, sql, *arguments)

    def executemany(self, sql: str, *arguments: Any) -> Any:
        watch_statement(sql)
        return run_statement(self.connection, sql, super().executemany, sql, *arguments)

    def fetchone(self) -> Any:
        return run_fetch(self.connection, super().fetchone)

    def fetchmany(self, *arguments: Any, **options: Any) -> list[Any]:
        return run_fetch(self.connection, super().fetchmany, *arguments, **options)

    def fetchall(self) -> list[Any]:
        return run_fetch(self.connection, super().fetchall)

    def __next__(self) -> Any:
        return run_fetch(self.connection, super().__next__)

    def executescript(self, sql_script: str) -> Any:
        watch_control("executescript()")  # It commits first.
        watch_statement(sql_script)
        return super().executescript(sql_script)


class DjangoCursor(SQLiteCursorWrapper, SqliteCursor):
    """Django's cursor, which converts placeholders; those of a statement that is used again and again once."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        """The statement with the driver's placeholders."""
        if param_names is None and len(query) <= LONGEST_KNOWN:
            return _convert(query)
        return super().convert_query(query, param_names=param_names)


@lru_cache(maxsize=KNOWN_STATEMENTS)
def _convert(query: str) -> str:
    cursor: Any = None  # It is not looked at.
    return SQLiteCursorWrapper.convert_query(cursor, query)


class SqliteConnection(sqlite3.Connection):
    """The driver's connection, which plugins' code can reach as `connection.connection`."""

    def has_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.in_transaction

    def cursor(self, factory: type[sqlite3.Cursor] = SqliteCursor) -> Any:  # type: ignore[override]  # as at run time
        return super().cursor(factory)

    def execute(self, sql: str, *arguments: Any) -> Any:
        return self.cursor().execute(sql, *arguments)

    def executemany(self, sql: str, *arguments: Any) -> Any:
        return self.cursor().executemany(sql, *arguments)

    def executescript(self, sql_script: str) -> Any:
        return self.cursor().executescript(sql_script)

    def __setattr__(self, name: str, value: Any) -> None:
        watch_change(name)
        super().__setattr__(name, value)

    def commit(self) -> None:
        watch_control("commit()")
        super().commit()

    def rollback(self) -> None:
        watch_control("rollback()")
        super().rollback()

    def close(self) -> None:
        watch_control("Closing the connection")
        super().close()

    def set_authorizer(self, *arguments: Any, **options: Any) -> None:
        watch_change("set_authorizer()")
        super().set_authorizer(*arguments, **options)

    def set_progress_handler(self, *arguments: Any, **options: Any) -> None:
        watch_change("set_progress_handler()")
        super().set_progress_handler(*arguments, **options)

    def set_trace_callback(self, *arguments: Any, **options: Any) -> None:
        watch_change("set_trace_callback()")
        super().set_trace_callback(*arguments, **options)

    def create_function(self, *arguments: Any, **options: Any) -> None:
        watch_change("create_function()")
        super().create_function(*arguments, **options)

    def create_aggregate(self, *arguments: Any, **options: Any) -> None:
        watch_change("create_aggregate()")
        super().create_aggregate(*arguments, **options)

    def create_collation(self, *arguments: Any, **options: Any) -> None:
        watch_change("create_collation()")
        super().create_collation(*arguments, **options)

    def create_window_function(self, *arguments: Any, **options: Any) -> None:
        watch_change("create_window_function()")
        super().create_window_function(*arguments, **options)

    def setlimit(self, *arguments: Any, **options: Any) -> int:
        watch_change("setlimit()")
        return super().setlimit(*arguments, **options)

    def deserialize(self, *arguments: Any, **options: Any) -> None:
        watch_change("deserialize()")
        super().deserialize(*arguments, **options)
