"""Finds what is missing for plugins' tables: migrations that nobody has written, and those that are not applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.db import connection
from django.db.migrations import operations as django_operations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState

from webnet.containment import LoadFailure, attempt
from webnet.plugins.loading.imports import lacks_init
from webnet.plugins.registry import Entry
from webnet.program import PROGRAM
from webnet.sentences import sentence

RUN_MIGRATIONS = sentence("run '{program} sync_plugins --migrate'", program=PROGRAM)
# In a reason, which is one line.
MAXIMUM_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class MissingMigrations:
    """What one plugin's tables lack: `pending` are its unapplied migrations, oldest first.

    `unwritten` is why its migrations don't lead to its models, and empty if they do.
    """

    pending: tuple[str, ...] = ()
    unwritten: str = ""

    @property
    def reason(self) -> str:
        """What is missing, and what to run."""
        if self.unwritten:
            return self.unwritten
        data = {"names": ", ".join(self.pending), "command": RUN_MIGRATIONS}
        if len(self.pending) == 1:
            return sentence("1 migration is not applied ({names}): {command}.", **data)
        return sentence("{count} migrations are not applied ({names}): {command}.", count=len(self.pending), **data)


@dataclass(kw_only=True)
class Tables:
    """Whether this process has seen that no plugin lacks a migration; it does not look again then."""

    are_complete: bool = False


tables = Tables()


def find_missing(entries: Iterable[Entry]) -> dict[str, MissingMigrations]:
    """What is missing, by plugin name; plugins whose tables are as their models say are left out.

    Only what changes tables counts: with another `help_text` or `ordering`, a plugin runs as before.
    """
    names = {label: entry.name for entry in entries if (label := find_label(entry))}
    pending, unwritten = _find_pending(names), _find_unwritten(frozenset(names))
    tables.are_complete = not pending and not unwritten
    return {
        name: MissingMigrations(pending=pending.get(label, ()), unwritten=unwritten.get(label, ""))
        for label, name in names.items()
        if label in pending or label in unwritten
    }


def detect_changes(labels: Iterable[str]) -> dict[str, list[Operation]]:
    """What `makemigrations` would write for these apps, by label."""
    return {label: [operation for operation, _ in found] for label, found in _detect(frozenset(labels)).items()}


def find_label(entry: Entry) -> str | None:
    """The label of the plugin's app; None if Django has not loaded it, or if a test registered the plugin directly."""
    return next((config.label for config in apps.get_app_configs() if config.name == entry.module), None)


def _find_pending(labels: Collection[str]) -> dict[str, tuple[str, ...]]:
    on_disk = {key for key in _find_migrations() if key[0] in labels}
    # Building the graph takes longer than the rest of a sync, and is needed only if one of them is not applied.
    if on_disk <= MigrationRecorder(connection).applied_migrations().keys():
        return {}
    loader = MigrationLoader(connection)
    pending: dict[str, tuple[str, ...]] = {}
    for label, name in sorted(loader.graph.nodes):
        if label in labels and (label, name) not in loader.applied_migrations:
            pending[label] = (*pending.get(label, ()), name)
    return pending


@cache
def _find_migrations() -> frozenset[tuple[str, str]]:
    """The migrations of all apps, as (label, name). They can't change within a process, which imports them once."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return frozenset(loader.disk_migrations)


@cache  # Neither models nor migrations can change within a process.
def _find_unwritten(labels: frozenset[str]) -> Mapping[str, str]:
    # Without a module, migrations are switched off in the settings.
    wanted = frozenset(label for label in labels if MigrationLoader.migrations_module(label)[0] is not None)
    hidden = {label: reason for label in wanted if (reason := _describe_hidden(apps.get_app_config(label)))}
    found = attempt(
        partial(_detect, wanted - hidden.keys()), doing=sentence("Comparing the models with the migrations")
    )
    if not isinstance(found, LoadFailure):
        changes = {label: [each for each, is_of_table in of_app if is_of_table] for label, of_app in found.items()}
        return {**hidden, **{label: _describe(label, missing) for label, missing in changes.items() if missing}}
    if len(labels) == 1:
        return dict.fromkeys(labels, found.reason)
    # One of them raises: each by itself, so that it concerns no other.
    return {name: reason for label in labels for name, reason in _find_unwritten(frozenset({label})).items()}


def _describe_hidden(config: AppConfig) -> str:
    """The reason if Django overlooks the app's migrations, which are in a folder that is not a package."""
    folder = Path(config.path) / "migrations"
    if not lacks_init(folder):
        return ""
    return sentence(
        "The folder '{folder}' has no __init__.py, so Django ignores it: add an empty one, then {command}.",
        folder=folder,
        command=RUN_MIGRATIONS,
    )


def _describe(label: str, missing: list[Operation]) -> str:
    named = [operation.describe() for operation in missing[:MAXIMUM_NAMED]]
    more = ["…"] if len(missing) > len(named) else []
    return sentence(
        "Its models have changes that are in no migration ({changes}): run '{program} makemigrations {app}', then "
        "{command}.",
        changes="; ".join([*named, *more]),
        program=PROGRAM,
        app=label,
        command=RUN_MIGRATIONS,
    )


def _detect(labels: frozenset[str]) -> dict[str, list[tuple[Operation, bool]]]:
    """What is missing in the migrations of these apps, by label, each with whether it changes a table."""
    loader = MigrationLoader(None)
    before = loader.project_state()
    # Other apps are as in their migrations, so that nothing of them is looked at.
    others = {key: state for key, state in before.models.items() if key[0] not in labels}
    after = ProjectState(models=others, real_apps=before.real_apps - labels)
    for label in sorted(labels):
        for model in apps.get_app_config(label).get_models(include_swapped=True):
            after.add_model(ModelState.from_model(model))
    named = set(labels)  # Django's own type for them
    detector = MigrationAutodetector(before, after, MigrationQuestioner(specified_apps=named))
    changes = detector.changes(graph=loader.graph, trim_to_apps=named, convert_apps=named)
    return {
        label: [
            (operation, _changes_table(operation, label, before, after))
            for migration in changes.get(label, ())
            for operation in migration.operations
        ]
        for label in labels
    }


def _changes_table(operation: Operation, label: str, before: ProjectState, after: ProjectState) -> bool:
    if isinstance(operation, django_operations.AlterModelOptions | django_operations.AlterModelManagers):
        return False
    if isinstance(operation, django_operations.CreateModel):
        return _has_table(operation.options)
    if isinstance(operation, django_operations.DeleteModel):
        return _has_table(before.models[label, operation.name_lower].options)
    if isinstance(operation, django_operations.AlterField):
        former, current = (
            _view_column(state.apps.get_model(label, operation.model_name)._meta.get_field(operation.name))
            for state in (before, after)
        )
        return former != current
    return True


def _has_table(options: Mapping[str, Any]) -> bool:
    return options.get("managed", True) and not options.get("proxy", False)


def _view_column(field: Any) -> tuple[object, ...]:
    """What a database knows of a field."""
    through = getattr(field.remote_field, "through", None)
    return (
        *(field.column, field.db_parameters(connection), field.null, field.unique, field.primary_key, field.db_index),
        *(getattr(field, "db_constraint", None), getattr(field, "db_default", None)),
        field.related_model._meta.db_table if field.is_relation else None,
        through._meta.db_table if through is not None else None,
    )
