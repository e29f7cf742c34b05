"""Says why the database can't be used: what an operator puts right, in words that are not a stack trace."""

from django.apps import apps
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# They migrate themselves: what fails there is a migration, and not that one is missing.
MIGRATING = ("migrate", "run")


def tell_fault(error: DatabaseError, *, command: str) -> str | None:
    """One sentence where the database can't be reached or is not migrated; None where the error has another cause."""
    try:
        missing = find_missing_migrations()
    except DatabaseError as unreachable:
        return f"The database can't be reached ({_first_line(unreachable)}): start it, or set DATABASE_URL."
    if missing and command not in MIGRATING:
        return f"The database is not up to date ({_first_line(error)}): run 'migrate' first."
    return None


def find_missing_migrations() -> list[str]:
    """The host's own, as `app.name`: a plugin that is not migrated is withheld and must not stop the others."""
    host_labels = {config.label for config in apps.get_app_configs() if config.name in settings.HOST_APPS}
    executor = MigrationExecutor(connection)
    targets = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in host_labels]
    return [f"{migration.app_label}.{migration.name}" for migration, _ in executor.migration_plan(targets)]


def _first_line(error: DatabaseError) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
