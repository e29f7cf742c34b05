"""Explains database errors to operators: a database that can't be reached, or misses migrations."""

from django.apps import apps
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from webnet.database.outages import UNWRITABLE, find_kind
from webnet.program import PROGRAM

# What `readyz` says while it gets no answer.
SILENT = "The database does not respond."
# These commands run the migrations themselves, so missing ones don't explain their errors.
MIGRATING_COMMANDS = ("migrate", "restore", "run")


def explain_error(error: BaseException, *, command: str) -> str | None:
    """One sentence if the database can't be reached, read or written, or is not migrated; None for any other cause."""
    kind = find_kind(error)
    if kind is UNWRITABLE:
        return f"The database can't store anything ({_first_line(error)}): make it writable, or free some space."
    if kind is not None:
        connection.close()  # A broken one would answer nothing.
    elif not isinstance(error, DatabaseError):
        return None
    try:
        missing = find_missing_migrations()
    except DatabaseError as unreachable:
        return f"The database can't be reached ({_first_line(unreachable)}): start it, or set DATABASE_URL."
    if kind is not None:
        return f"The database was not available ({_first_line(error)}): run '{PROGRAM} {command}' again."
    if missing and command not in MIGRATING_COMMANDS:
        return f"The database is not up to date ({_first_line(error)}): run '{PROGRAM} migrate' first."
    return None


def find_missing_migrations() -> list[str]:
    """The missing migrations of webnet itself, as `app.name`; those of a plugin only stop the plugin."""
    host_labels = {config.label for config in apps.get_app_configs() if config.name in settings.HOST_APPS}
    executor = MigrationExecutor(connection)
    targets = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in host_labels]
    return [f"{migration.app_label}.{migration.name}" for migration, _ in executor.migration_plan(targets)]


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
