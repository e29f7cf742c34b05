"""Takes plugins whose migration files Django can't load out of its sight, so that everybody else's can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.apps import AppConfig
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import module_has_submodule

from webnet.containment import LoadFailure, attempt
from webnet.errors import PluginDefinitionError


def hide_broken_migrations(configs: Iterable[AppConfig]) -> dict[str, LoadFailure]:
    """Why these apps' migrations can't be loaded, by label; from now on Django takes them for apps without any.

    A file that raises, a dependency that is not there, a circle or two leaves would otherwise stop each command that
    looks at migrations, of the host and of all plugins. Django's own loader is asked, so that it is right.
    """
    labels = [config.label for config in configs if module_has_submodule(config.module, "migrations")]
    if not labels or _find_fault(labels[0]) is None:
        return {}
    hidden = settings.MIGRATION_MODULES
    hidden.update(dict.fromkeys(labels))
    if _find_fault("webnet") is not None:  # The host's own fault is not theirs.
        _show(labels)
        return {}
    return _show_sound_ones(labels)


def _show_sound_ones(labels: Sequence[str]) -> dict[str, LoadFailure]:
    """Lets them back in one at a time; one may need another, so those left are tried again until none comes in."""
    faults: dict[str, LoadFailure] = {}
    waiting = list(labels)
    while True:
        faults = {label: fault for label in waiting if (fault := _try_showing(label))}
        if len(faults) == len(waiting):
            return faults
        waiting = list(faults)


def _try_showing(label: str) -> LoadFailure | None:
    _show([label])
    fault = _find_fault(label)
    if fault is not None:
        settings.MIGRATION_MODULES[label] = None
    return fault


def _show(labels: Iterable[str]) -> None:
    for label in labels:
        del settings.MIGRATION_MODULES[label]


def _find_fault(label: str) -> LoadFailure | None:
    found = attempt(_load, doing=f"Loading the migrations of '{label}'")
    return found if isinstance(found, LoadFailure) else None


def _load() -> None:
    """Loads all migrations that are in sight, as Django's commands do before anything else."""
    conflicts = MigrationLoader(None).detect_conflicts()
    for label, names in conflicts.items():
        told = " and ".join(f"'{name}'" for name in sorted(names))
        words = f"The migrations {told} of '{label}' both come last: merge them ('makemigrations --merge')."
        raise PluginDefinitionError(words)
