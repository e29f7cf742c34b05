"""Hides the migrations of plugins whose migration files can't be loaded, so that Django can load all others."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import module_has_submodule

from webnet.containment import PLUGIN_LISTS, LoadFailure, attempt
from webnet.errors import PluginDefinitionError
from webnet.program import PROGRAM
from webnet.sentences import enumerate_names, sentence


def hide_broken_migrations(configs: Iterable[AppConfig]) -> dict[str, LoadFailure]:
    """Why some of these apps' migrations can't be loaded, by label; Django treats these apps as unmigrated from now on.

    A file that raises, a missing dependency, a cycle or two leaf nodes would otherwise break every command that reads
    migrations, for the host and for all plugins. Django's own loader decides what is broken.
    """
    labels = [config.label for config in configs if module_has_submodule(config.module, "migrations")]
    if not labels or _find_fault(labels[0]) is None:
        return {}
    hidden = settings.MIGRATION_MODULES
    hidden.update(dict.fromkeys(labels))
    if _find_fault("webnet") is not None:  # The host's own migrations are broken, and Django will report it.
        for label in labels:
            del hidden[label]
        return {}
    # Show them again one at a time. One may depend on another, so those left are tried until a round changes nothing.
    waiting = labels
    while True:
        faults: dict[str, LoadFailure] = {}
        for label in waiting:
            del hidden[label]
            fault = _find_fault(label)
            if fault is not None:
                hidden[label] = None
                faults[label] = fault
        if len(faults) == len(waiting):
            return faults
        waiting = list(faults)


def _find_fault(label: str) -> LoadFailure | None:
    found = attempt(_load, doing=sentence("Loading the migrations of '{app}'", app=label))
    return found if isinstance(found, LoadFailure) else None


def _load() -> None:
    """Load all migrations that are not hidden, as Django's commands do first."""
    try:
        conflicts = MigrationLoader(None).detect_conflicts()
    except NodeNotFoundError as error:
        label = error.node[0]
        if label in {config.label for config in apps.get_app_configs()}:
            raise
        needs = sentence(
            "The migration '{migration}' needs those of '{app}', which is not loaded: add it to {lists}, or fix it if "
            "it is there.",
            migration=error.origin,
            app=label,
            lists=PLUGIN_LISTS,
        )
        raise PluginDefinitionError(needs) from error
    for label, names in conflicts.items():
        message = sentence(
            "'{app}' has more than one last migration, {migrations}: merge them with '{program} makemigrations "
            "--merge'.",
            app=label,
            migrations=enumerate_names(sorted(names)),
            program=PROGRAM,
        )
        raise PluginDefinitionError(message)
