"""Uninstalls a plugin: reviews the consequences, exports its rows, reverses its migrations, deletes its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import AppConfig, apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from webnet.audit.operation import Operation, audited, lock_platform, renew_platform
from webnet.customers import access
from webnet.database.deletion import collect
from webnet.database.foreign_keys import find_foreign_keys
from webnet.database.table_changes import changing_tables
from webnet.errors import DependencyRefusal, NotFound
from webnet.plugins.lifecycle.row_export import Progress, all_rows, export_rows, present
from webnet.plugins.loading import migrations as plugin_migrations
from webnet.plugins.loading import missing_migrations
from webnet.plugins.loading.app_config import failed_apps
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import Entry, PluginRegistry
from webnet.plugins.runtime import workers
from webnet.sentences import join_sentences, sentence


@dataclass(frozen=True, kw_only=True)
class UninstallObstacle:
    """One reason why the plugin can't be uninstalled, as a sentence; `plugins` are the other plugins concerned."""

    message: str
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UninstallReview:
    """`models` are those with a table, `migrations` those to be reversed, in that order."""

    row: PluginConfig
    label: str | None
    models: tuple[type[models.Model], ...] = ()
    migrations: tuple[str, ...] = ()
    obstacles: tuple[UninstallObstacle, ...] = ()

    def count_rows(self) -> dict[str, int]:
        """By table."""
        return {model._meta.db_table: all_rows(model).count() for model in self.models}

    def refuse_obstacles(self) -> None:
        """Raises DependencyRefusal with all obstacles."""
        if self.obstacles:
            message = join_sentences(obstacle.message for obstacle in self.obstacles)
            plugins = tuple(dict.fromkeys(name for obstacle in self.obstacles for name in obstacle.plugins))
            raise DependencyRefusal(message, code="PLUGIN_IN_USE", plugins=plugins or (self.row.name,))


@dataclass(frozen=True, kw_only=True)
class Uninstalled:
    """The file with the exported rows, and their number by table."""

    file: Path
    rows: dict[str, int]


def uninstall(operation: Operation, registry: PluginRegistry, progress: Progress) -> Uninstalled:
    """Every step can be killed and repeated: the rows are in the file before the first table goes.

    The migrations run outside of a transaction of ours, since SQLite can't alter tables inside one.
    """
    with changing_tables():
        found = _begin(operation, registry)
        rows = found.count_rows()
        done = Uninstalled(file=export_rows(found.row, found.models, progress), rows=rows)
        if found.label is not None:
            plugin_migrations.unmigrate(found.label)
        _delete_records(operation, found, done)
    return done


@audited
def _begin(operation: Operation, registry: PluginRegistry) -> UninstallReview:
    access.require_operator(operation.actor)
    lock_platform()
    found = review(operation.plugin_name, registry)
    operation.plugin_version = found.row.version or ""
    found.refuse_obstacles()
    return found


@audited
def _delete_records(operation: Operation, found: UninstallReview, done: Uninstalled) -> None:
    lock_platform()
    row = PluginConfig.objects.get(pk=found.row.pk)
    removed: dict[str, int] = {}
    # Permissions are deleted with their content types; choices, settings and secrets with the plugin's row.
    for rows in (list(ContentType.objects.filter(app_label=found.label)) if found.label else [], [row]):
        collector = collect(rows)
        removed |= collector.count()
        collector.delete()
    ContentType.objects.clear_cache()
    if found.label:
        MigrationRecorder(connection).migration_qs.filter(app=found.label).delete()
    operation.plugin_version = row.version or ""
    operation.record(
        before={"version": row.version, "settings": row.settings, "secretsSet": sorted(row.secrets)},
        after={"file": done.file.name, "rows": done.rows, "removed": removed},
    )
    renew_platform()


def review(plugin: str, registry: PluginRegistry) -> UninstallReview:
    """Changes nothing. Raises NotFound for a plugin that no sync has seen."""
    row = PluginConfig.objects.filter(name=plugin).first()
    if row is None:
        raise NotFound.plugin(plugin)
    entry = registry.find(plugin)
    label = missing_migrations.find_label(entry) if entry is not None else None
    obstacles = [*_find_uses(row), *_find_missing_code(row, entry)]
    # Without its models, nothing more can be determined; with an obstacle, nothing more is needed.
    if label is None or obstacles:
        return UninstallReview(row=row, label=label, obstacles=tuple(obstacles))
    config, executor = apps.get_app_config(label), MigrationExecutor(connection)
    # Django's plan back to (label, None) also has the migrations of other apps that depend on those of this one.
    plan = executor.migration_plan([(label, None)]) if label in executor.loader.migrated_apps else []
    obstacles += [*_find_foreign_keys(config), *_find_dependent_apps(plan, label), *_find_irreversible(plan, label)]
    own = tuple(migration.name for migration, _ in plan if migration.app_label == label)
    return UninstallReview(
        row=row, label=label, models=tuple(present(config.get_models())), migrations=own, obstacles=tuple(obstacles)
    )


def _find_uses(row: PluginConfig) -> Iterator[UninstallObstacle]:
    if row.enabled:
        message = sentence("'{plugin}' is enabled: disable it for everybody first.", plugin=row.name)
        yield UninstallObstacle(message=message)
    running = workers.find_workers(row.name)
    if running:
        processes = ", ".join(map(str, running))
        message = sentence(
            "'{plugin}' is loaded by running workers ({processes}): take it out of their WEBNET_PLUGINS and restart "
            "them.",
            plugin=row.name,
            processes=processes,
        )
        yield UninstallObstacle(message=message)


def _find_missing_code(row: PluginConfig, entry: Entry | None) -> Iterator[UninstallObstacle]:
    """Only the plugin's own code can reverse its migrations; a plugin that never ran has none to reverse."""
    if entry is None:
        # A version was taken, or migrations were run before one could be; by default the app's label is the name.
        ran_migrations = MigrationRecorder(connection).migration_qs.filter(app=row.name)
        if row.version or ran_migrations.exists():
            message = sentence(
                "'{plugin}' is not installed here, and only its own code can remove its tables: install it again, and "
                "name it in WEBNET_PLUGINS for this command.",
                plugin=row.name,
            )
            yield UninstallObstacle(message=message)
    elif entry.module in failed_apps or (entry.plugin is None and entry.status == "failed"):
        message = sentence(
            "'{plugin}' can't be loaded, and only its own code can remove its tables. {reason}",
            plugin=row.name,
            reason=entry.reason,
        )
        yield UninstallObstacle(message=message)


def _find_foreign_keys(config: AppConfig) -> Iterator[UninstallObstacle]:
    own = {model._meta.db_table for model in config.get_models(include_auto_created=True)}
    labels = {model._meta.db_table: model._meta.app_label for model in apps.get_models(include_auto_created=True)}
    for key in find_foreign_keys():
        if key.target_table in own and key.table not in own:
            owner = labels.get(key.table)
            data = {"key": f"{key.table}.{key.column}", "owner": owner, "table": key.target_table}
            if owner:
                message = sentence("The foreign key '{key}' of '{owner}' points at '{table}'.", **data)
            else:
                message = sentence(
                    "The foreign key '{key}', whose plugin is not installed, points at '{table}'.", **data
                )
            yield UninstallObstacle(message=message, plugins=(owner,) if owner else ())


def _find_dependent_apps(plan: list[tuple[Migration, bool]], label: str) -> Iterator[UninstallObstacle]:
    others = sorted({migration.app_label for migration, _ in plan if migration.app_label != label})
    for other in others:
        message = sentence(
            "Migrations of '{other}' depend on those of '{plugin}': uninstall '{other}' first.",
            other=other,
            plugin=label,
        )
        yield UninstallObstacle(message=message, plugins=(other,))


def _find_irreversible(plan: list[tuple[Migration, bool]], label: str) -> Iterator[UninstallObstacle]:
    for migration, _ in plan:
        irreversible = [type(each).__name__ for each in migration.operations if not each.reversible]
        if irreversible and migration.app_label == label:
            message = sentence(
                "The migration '{migration}' can't be reversed ({operations}): give it a reverse, if only "
                "'migrations.RunPython.noop'.",
                migration=str(migration),
                operations=", ".join(irreversible),
            )
            yield UninstallObstacle(message=message)
