"""Makes the audit log and its checkpoints append-only in the database itself, for every client."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

LOG = "plugins_pluginauditlog"
MESSAGE = "The audit log is append-only."
# The rows that an INSERT must not replace. INSERT OR REPLACE deletes them, and SQLite fires no DELETE trigger for that
# on a connection that has `recursive_triggers` off.
RESERVED = {
    LOG: "position = NEW.position OR (chain = NEW.chain AND sequence = NEW.sequence)",
    "plugins_auditcheckpoint": "number = NEW.number",
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Refuse UPDATE, DELETE, TRUNCATE and INSERT OR REPLACE from now on; does nothing if they are refused already.

    A migration calls it, and every later one again: SQLite drops the triggers of a table that is altered.
    """
    if not are_installed(connection):
        for table in _tables(connection):
            _execute(connection, _creation(connection, table))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: before the tables are dropped, and for tests that flush all tables."""
    for table, name in _names(connection):
        # A trigger's name is unique in SQLite's database, and on PostgreSQL only in its table.
        on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
        _execute(connection, [f"DROP TRIGGER IF EXISTS {name}{on_table}"])


def are_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every trigger exists and, on PostgreSQL, always fires."""
    # tgenabled: "A" is ENABLE ALWAYS; the default, "O", does not fire in a session with the role of a replica.
    found = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A'",
    }
    with connection.cursor() as cursor:
        cursor.execute(found[connection.vendor])
        return {name for _, name in _names(connection)} <= {name for (name,) in cursor.fetchall()}


@contextmanager
def deletes_allowed(connection: BaseDatabaseWrapper, *, tables: Collection[str] = (LOG,)) -> Iterator[None]:
    """Let only this transaction delete from the log: the trigger is enabled again before the commit.

    For pruning, and for clearing the database after a test. It needs a role that owns the table, so the application's
    own can't.
    """
    # Both statements are part of the transaction and lock the table until its end; a rollback undoes them.
    _execute(connection, [_lifting(connection, table) for table in tables])
    yield
    _execute(connection, [_restoring(connection, table) for table in tables])


def _names(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """(table, trigger) of every trigger."""
    events = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "truncate")}[connection.vendor]
    return [(table, f"{table}_no_{event}") for table in _tables(connection) for event in events]


def _tables(connection: BaseDatabaseWrapper) -> list[str]:
    return [table for table in connection.introspection.table_names() if table in RESERVED]


def _creation(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor == "sqlite":
        return [_sqlite_trigger(table, "update"), _sqlite_trigger(table, "delete"), _sqlite_trigger(table, "replace")]
    refuse = f"FUNCTION {LOG}_refuse()"
    # ALWAYS: also in a session with the role of a replica (`session_replication_role`).
    return [
        f"CREATE OR REPLACE {refuse} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$",
        f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE {refuse}",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE {refuse}",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate",
    ]


def _sqlite_trigger(table: str, event: str) -> str:
    when = f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {RESERVED[table]})"  # noqa: S608 - our own names
    condition = when if event == "replace" else f"{event.upper()} ON {table}"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    return f"CREATE TRIGGER IF NOT EXISTS {table}_no_{event} BEFORE {condition} {refuse}"


def _lifting(connection: BaseDatabaseWrapper, table: str) -> str:
    if connection.vendor == "sqlite":
        return f"DROP TRIGGER {table}_no_delete"
    return f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_change"


def _restoring(connection: BaseDatabaseWrapper, table: str) -> str:
    if connection.vendor == "sqlite":
        return _sqlite_trigger(table, "delete")
    return f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change"


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
