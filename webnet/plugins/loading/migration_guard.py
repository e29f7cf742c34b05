"""Runs a plugin's migrations so that one that touches what is not its plugin's is undone, and says what that was."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from webnet.database.catalogue import (
    KEY_TRIGGER,
    TABLE,
    TEMPORARY_TABLE,
    Catalogue,
    find_schema,
    read_catalogue,
    rows_watched,
)
from webnet.database.guard import refusing_transaction_control
from webnet.database.held_transaction import held_open
from webnet.errors import PluginDefinitionError
from webnet.plugin_calls import PluginCall
from webnet.plugins.loading.app_config import IsolatedApp

# Django itself writes into these for any app that has models.
SHARED_ROWS = frozenset({"django_content_type", "auth_permission"})
# In a reason, which is one line.
MAXIMUM_NAMED = 3


class GuardedExecutor(MigrationExecutor):
    """Django's executor, except that a plugin's migration is one transaction that changes only what is its own."""

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,  # noqa: FBT001, FBT002 - Django's own
        fake_initial: bool = False,  # noqa: FBT001, FBT002 - Django's own
    ) -> ProjectState:
        """Apply it, or raise PluginDefinitionError, with nothing changed."""
        if not _is_plugins(migration):
            return super().apply_migration(state, migration, fake, fake_initial)
        _require_transaction(migration)
        self._report("apply_start", migration)
        with _one_transaction() as editor:
            with _compared(migration, state, editor):
                state = migration.apply(state, editor)
            for label, name in (*migration.replaces, (migration.app_label, migration.name)):
                self.recorder.record_applied(label, name)
        self._report("apply_success", migration)
        return state

    def unapply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,  # noqa: FBT001, FBT002 - Django's own
    ) -> ProjectState:
        """Reverse and forget it, or raise PluginDefinitionError, with nothing changed.

        In one transaction: a process that was killed in between would leave a database without the tables and with the
        migration, which could be neither reversed nor run again.
        """
        if not _is_plugins(migration):
            return super().unapply_migration(state, migration, fake)
        _require_transaction(migration)
        self._report("unapply_start", migration)
        with _one_transaction() as editor:
            with _compared(migration, state, editor):
                state = migration.unapply(state, editor)
            for label, name in (*migration.replaces, (migration.app_label, migration.name)):
                self.recorder.record_unapplied(label, name)
        self._report("unapply_success", migration)
        return state

    def _report(self, action: str, migration: Migration) -> None:
        if self.progress_callback:
            self.progress_callback(action, migration, False)  # noqa: FBT003 - Django's own


def _is_plugins(migration: Migration) -> bool:
    return isinstance(apps.app_configs.get(migration.app_label), IsolatedApp)


def _require_transaction(migration: Migration) -> None:
    if not migration.atomic:
        raise PluginDefinitionError(
            f"Migration '{migration}' has atomic = False, so what it does to others could not be undone: "
            "make it atomic, and create indexes without CONCURRENTLY."
        )


@contextmanager
def _one_transaction() -> Iterator[BaseDatabaseSchemaEditor]:
    """Django's editor in one transaction, which is undone whatever is raised."""
    editor = connection.schema_editor(atomic=True)
    try:
        # Django's editor for SQLite checks all foreign keys even after an error, which would hide that error: so what
        # caused it is undone first, by a savepoint.
        with editor, transaction.atomic():
            yield editor
    except BaseException as error:
        # If that check fails, the editor ends neither its transaction nor its exemption from foreign keys.
        if editor.atomic in connection.atomic_blocks:
            editor.atomic.__exit__(type(error), error, error.__traceback__)
            connection.enable_constraint_checking()
        raise


@contextmanager
def _compared(migration: Migration, state: ProjectState, editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    """Raises PluginDefinitionError if the block changes what is not the plugin's.

    What another process changes meanwhile would count as well: `database.table_changes` keeps others away.
    """
    schema = find_schema()
    before = read_catalogue(schema)
    own = _find_own(migration, state, {part.table for part in before})
    with _held_open(), rows_watched(schema) as written, refusing_transaction_control(), _calling(migration):
        yield
        # Django runs these after the migration's operations anyway, and here they are still compared.
        while editor.deferred_sql:
            editor.execute(editor.deferred_sql.pop(0), None)
    others = {part.table for part in before} - own
    touched = [*_compare(before, read_catalogue(schema), own, others), *_find_written(written, before, own, others)]
    if touched:
        more = f", and {len(touched) - MAXIMUM_NAMED} more" if len(touched) > MAXIMUM_NAMED else ""
        raise PluginDefinitionError(
            f"Migration '{migration}' was undone, since it touches what is not its plugin's: "
            f"it {', '.join(touched[:MAXIMUM_NAMED])}{more}."
        )


def _held_open() -> AbstractContextManager[None]:
    # Django's editor for SQLite switches foreign keys off, and `rows_watched` takes care there.
    return held_open() if connection.vendor == "postgresql" else nullcontext()


def _calling(migration: Migration) -> PluginCall:
    return PluginCall(migration.app_label, f"migration '{migration.name}'")


def _find_own(migration: Migration, state: ProjectState, existing: Collection[str]) -> set[str]:
    """The tables of the app: those of its models, and those named after it, unless another app has a model for them.

    `state` is the one before the migration, also of one that is reversed.
    """
    label, after = migration.app_label, state.clone()
    after.__dict__.pop("apps", None)  # Its model classes, which take long to make, and only their names are needed.
    migration.mutate_state(after, preserve=False)
    declared = {table for each in (state, after) for table in _find_declared(label, each)}
    # Of apps that are no longer installed, too. The longest label decides: 'site_map_page' is not the plugin 'site'.
    labels = {config.label for config in apps.get_app_configs()}
    labels |= {other for other, _ in MigrationRecorder(connection).applied_migrations()}
    named = {table for table in existing if _find_owner(table, labels) == label}
    models = apps.get_models(include_auto_created=True, include_swapped=True)
    foreign = {model._meta.db_table for model in models if model._meta.app_label != label}
    return (declared | named) - foreign - {MigrationRecorder.Migration._meta.db_table}


def _find_declared(label: str, state: ProjectState) -> Iterator[str]:
    for (app, name), model in state.models.items():
        if app == label:
            table = model.options.get("db_table") or f"{label}_{name}"
            yield table
            relations = ((each, field) for each, field in model.fields.items() if field.many_to_many)
            yield from (getattr(field, "db_table", None) or f"{table}_{each}" for each, field in relations)


def _find_owner(table: str, labels: Collection[str]) -> str:
    return max((label for label in labels if table.startswith(f"{label}_")), key=len, default="")


def _compare(before: Catalogue, after: Catalogue, own: set[str], others: set[str]) -> Iterator[str]:
    """What the migration did to tables of others, as the rest of a sentence; what matters most comes first."""
    following = _find_following(before, own)
    changed = {
        part
        for part in before.keys() | after.keys()
        if part.table in others
        and before.get(part) != after.get(part)
        and not (
            (part.table in following or part.kind == KEY_TRIGGER)
            and any(side[part].targets & own for side in (before, after) if part in side)
        )
    }
    dropped = {part.table for part in changed if part.kind == TABLE and part not in after}
    hidden = {part for part in changed if part.kind == TEMPORARY_TABLE}
    yield from (f"drops the table '{table}'" for table in sorted(dropped))
    yield from (f"hides the table '{part.table}' by a temporary one" for part in sorted(hidden))
    rest = {part for part in changed - hidden if part.table not in dropped}
    in_parts = {part.table for part in rest if part.kind != TABLE}
    for part in sorted(rest):
        if part.kind != TABLE:
            verb = "drops" if part not in after else "adds" if part not in before else "changes"
            yield f"{verb} the {part.kind} '{part.name}' of '{part.table}'"
        elif part.table not in in_parts:
            yield f"changes the table '{part.table}'"


def _find_written(written: set[str], before: Catalogue, own: set[str], others: set[str]) -> Iterator[str]:
    for table in sorted((written & others) - _find_following(before, own) - SHARED_ROWS):
        yield f"writes rows of '{table}'"


def _find_following(before: Catalogue, own: set[str]) -> set[str]:
    """The tables that point at the plugin's own: their keys follow it, such as in their type, and so may their rows."""
    return {part.table for part, definition in before.items() if definition.targets & own}
