"""Makes the audit log and its checkpoints append-only in the database itself, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

LOG = "plugins_pluginauditlog"
MESSAGE = "The audit log is append-only."
# What an INSERT must not meet: INSERT OR REPLACE would delete it without a word where a connection of SQLite's has
# `recursive_triggers` off.
RESERVED = {
    LOG: "position = NEW.position OR (chain = NEW.chain AND sequence = NEW.sequence)",
    "plugins_auditcheckpoint": "number = NEW.number",
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Refuse UPDATE, DELETE, TRUNCATE and INSERT OR REPLACE from now on; nothing happens where that holds already.

    A migration does it, and again after each other one: SQLite forgets the triggers of a table that is altered.
    """
    if not are_installed(connection):
        tables = _tables(connection)
        _execute(connection, [statement for table in tables for statement in _installing(connection, table)])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Lift the triggers: for taking the tables down, and for one fixture of the tests."""
    _execute(
        connection, [f"DROP TRIGGER IF EXISTS {name}{_on(connection, table)}" for table, name in _names(connection)]
    )


def are_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every trigger is there and, on PostgreSQL, fires always."""
    found = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A'",
    }
    with connection.cursor() as cursor:
        cursor.execute(found[connection.vendor])
        return {name for _, name in _names(connection)} <= {name for (name,) in cursor.fetchall()}


@contextmanager
def deletes_allowed(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let this transaction delete from the log, nobody else and no longer: the trigger is back before the commit.

    For pruning alone. It needs a role that owns the table, so the application's own can't.
    """
    _execute(connection, _lifting(connection))
    yield
    _execute(connection, _restoring(connection))


def _names(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """(table, trigger) of every trigger."""
    events = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "truncate")}[connection.vendor]
    return [(table, f"{table}_no_{event}") for table in _tables(connection) for event in events]


def _tables(connection: BaseDatabaseWrapper) -> list[str]:
    return [table for table in connection.introspection.table_names() if table in RESERVED]


def _on(connection: BaseDatabaseWrapper, table: str) -> str:
    return f" ON {table}" if connection.vendor == "postgresql" else ""


def _installing(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor == "sqlite":
        return [_sqlite_trigger(table, "update"), _sqlite_trigger(table, "delete"), _sqlite_trigger(table, "replace")]
    refuse = f"FUNCTION {LOG}_refuse()"
    # ALWAYS: also in a session that calls itself a replica.
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


def _lifting(connection: BaseDatabaseWrapper) -> list[str]:
    if connection.vendor == "sqlite":
        return [f"DROP TRIGGER {LOG}_no_delete"]
    return [f"ALTER TABLE {LOG} DISABLE TRIGGER {LOG}_no_change"]


def _restoring(connection: BaseDatabaseWrapper) -> list[str]:
    if connection.vendor == "sqlite":
        return [_sqlite_trigger(LOG, "delete")]
    return [f"ALTER TABLE {LOG} ENABLE ALWAYS TRIGGER {LOG}_no_change"]


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
