"""Makes the audit log append-only in the database itself, whoever asks."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "plugins_pluginauditlog"
MESSAGE = "The audit log is append-only."

SQLITE_INSTALL = tuple(
    f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for event in ("UPDATE", "DELETE")
)
SQLITE_REMOVE = tuple(f"DROP TRIGGER IF EXISTS {TABLE}_no_{event}" for event in ("update", "delete"))

POSTGRESQL_INSTALL = (
    f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$",
    f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
)
POSTGRESQL_REMOVE = tuple(f"DROP TRIGGER IF EXISTS {TABLE}_no_{event} ON {TABLE}" for event in ("change", "truncate"))


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse UPDATE, DELETE, TRUNCATE and (with SQLite's recursive_triggers) INSERT OR REPLACE from now on."""
    _execute(editor, {"sqlite": SQLITE_INSTALL, "postgresql": POSTGRESQL_INSTALL})


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """Lift the triggers: for taking the table down, and for one fixture of the tests."""
    _execute(editor, {"sqlite": SQLITE_REMOVE, "postgresql": POSTGRESQL_REMOVE})


def _execute(editor: BaseDatabaseSchemaEditor, statements: dict[str, tuple[str, ...]]) -> None:
    for statement in statements.get(editor.connection.vendor, ()):
        editor.execute(statement)
