"""What uninstalling a plugin would take away, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import AppConfig, apps
from django.db import connection, models
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from webnet.database.foreign_keys import find_foreign_keys
from webnet.errors import DependencyRefusal, NotFound
from webnet.plugins.lifecycle.row_export import all_rows, present
from webnet.plugins.loading.app_config import failed_apps
from webnet.plugins.loading.migrations import find_label
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import Entry, PluginRegistry
from webnet.plugins.runtime import workers


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One reason against, in a sentence; `plugins` are others that it is about."""

    message: str
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UninstallReview:
    """`models` are those with a table, `migrations` those to be reversed, in that order."""

    row: PluginConfig
    label: str | None
    models: tuple[type[models.Model], ...] = ()
    migrations: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()

    def count_rows(self) -> dict[str, int]:
        """By table."""
        return {model._meta.db_table: all_rows(model).count() for model in self.models}

    def refuse_obstacles(self) -> None:
        """Raises DependencyRefusal with all that stands in the way."""
        if self.obstacles:
            message = " ".join(obstacle.message for obstacle in self.obstacles)
            plugins = tuple(dict.fromkeys(name for obstacle in self.obstacles for name in obstacle.plugins))
            raise DependencyRefusal(message, code="PLUGIN_IN_USE", plugins=plugins or (self.row.name,))


def review(plugin: str, registry: PluginRegistry) -> UninstallReview:
    """Looks, and changes nothing. Raises NotFound for a plugin that no sync has seen."""
    row = PluginConfig.objects.filter(name=plugin).first()
    if row is None:
        raise NotFound.plugin(plugin)
    entry = registry.find(plugin)
    label = find_label(entry) if entry is not None else None
    obstacles = [*_find_uses(row), *_find_fault(row, entry)]
    if label is None or obstacles:
        return UninstallReview(row=row, label=label, obstacles=tuple(obstacles))
    config, executor = apps.get_app_config(label), MigrationExecutor(connection)
    plan = executor.migration_plan([(label, None)]) if label in executor.loader.migrated_apps else []
    obstacles += [*_find_foreign_keys(config), *_find_builders(plan, label), *_find_irreversible(plan, label)]
    own = tuple(migration.name for migration, _ in plan if migration.app_label == label)
    return UninstallReview(
        row=row, label=label, models=tuple(present(config.get_models())), migrations=own, obstacles=tuple(obstacles)
    )


def _find_uses(row: PluginConfig) -> Iterator[Obstacle]:
    if row.enabled:
        yield Obstacle(message=f"'{row.name}' is enabled: disable it for everybody first.")
    running = workers.find_workers(row.name)
    if running:
        told = ", ".join(map(str, running))
        way_out = "take it out of their WEBNET_PLUGINS and restart them"
        yield Obstacle(message=f"'{row.name}' is loaded by workers that serve ({told}): {way_out}.")


def _find_fault(row: PluginConfig, entry: Entry | None) -> Iterator[Obstacle]:
    """Only the plugin's own code knows how to take its tables away; one that never ran needs none for it."""
    if entry is None and _may_have_tables(row):
        way_out = "install it again, and name it in WEBNET_PLUGINS for this command"
        yield Obstacle(message=f"'{row.name}' is not installed here, and its own code has to take it away: {way_out}.")
    elif entry is not None and _is_unreadable(entry):
        yield Obstacle(message=f"'{row.name}' can't be read, and its own code has to take it away. {entry.reason}")


def _may_have_tables(row: PluginConfig) -> bool:
    """Whether a version was taken, or migrations were run before one could be; by default the label is the name."""
    return bool(row.version) or MigrationRecorder(connection).migration_qs.filter(app=row.name).exists()


def _is_unreadable(entry: Entry) -> bool:
    return entry.module in failed_apps or (entry.plugin is None and entry.status == "failed")


def _find_foreign_keys(config: AppConfig) -> Iterator[Obstacle]:
    own = {model._meta.db_table for model in config.get_models(include_auto_created=True)}
    labels = {model._meta.db_table: model._meta.app_label for model in apps.get_models(include_auto_created=True)}
    for key in find_foreign_keys():
        if key.target_table in own and key.table not in own:
            owner = labels.get(key.table)
            told = f" of '{owner}'" if owner else ", whose plugin is not installed,"
            message = f"The foreign key '{key.table}.{key.column}'{told} points at '{key.target_table}'."
            yield Obstacle(message=message, plugins=(owner,) if owner else ())


def _find_builders(plan: list[tuple[Migration, bool]], label: str) -> Iterator[Obstacle]:
    others = sorted({migration.app_label for migration, _ in plan if migration.app_label != label})
    for other in others:
        message = f"Migrations of '{other}' build on those of '{label}': uninstall '{other}' first."
        yield Obstacle(message=message, plugins=(other,))


def _find_irreversible(plan: list[tuple[Migration, bool]], label: str) -> Iterator[Obstacle]:
    for migration, _ in plan:
        stuck = [type(operation).__name__ for operation in migration.operations if not operation.reversible]
        if stuck and migration.app_label == label:
            way_out = "give it a reverse, if only 'migrations.RunPython.noop'"
            yield Obstacle(message=f"The migration '{migration}' can't be reversed ({', '.join(stuck)}): {way_out}.")
