"""Takes a plugin away for good: its rows into a file, then its tables, and last all that is stored about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from webnet.audit.operation import Operation, audited, lock_platform, renew_platform
from webnet.customers import access
from webnet.database.deletion import collect
from webnet.plugins.lifecycle.row_export import Progress, export_rows
from webnet.plugins.lifecycle.uninstall_review import UninstallReview, review
from webnet.plugins.loading import migrations as plugin_migrations
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import PluginRegistry


@dataclass(frozen=True, kw_only=True)
class Uninstalled:
    """Where the rows are now, and how many there were, by table."""

    file: Path
    rows: dict[str, int]


def uninstall(operation: Operation, registry: PluginRegistry, progress: Progress) -> Uninstalled:
    """Every step can be killed and done again: the rows are in the file before the first table goes.

    The migrations run by themselves, since SQLite can't alter tables inside another transaction.
    """
    found = _begin(operation, registry)
    rows = found.count_rows()
    done = Uninstalled(file=export_rows(found.row, found.models, progress), rows=rows)
    if found.label is not None:
        plugin_migrations.unmigrate(found.label)
    _forget(operation, found, done)
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
def _forget(operation: Operation, found: UninstallReview, done: Uninstalled) -> None:
    """Content types go with their permissions, the plugin's row with all customers' choices, settings and secrets."""
    lock_platform()
    row = PluginConfig.objects.get(pk=found.row.pk)
    removed: dict[str, int] = {}
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
