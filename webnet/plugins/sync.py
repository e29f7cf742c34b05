"""Reads the installed plugins anew and writes what was found into their rows; runs inside an `Operation`."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from webnet.customers import access
from webnet.plugins import operation, settings_faults
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.plugins.operation import Operation
from webnet.plugins.registry import Entry, PluginRegistry

MANIFEST_FIELDS = ("verbose_name", "version", "author", "description", "homepage")


@dataclass(kw_only=True)
class SyncReport:
    """What a sync found, by plugin name: new, changed since the last sync, gone, and failing now."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def sync(work: Operation, registry: PluginRegistry) -> SyncReport:
    """One row for every plugin that is installed; those that are gone become MISSING and keep all they had."""
    access.require_operator(work.actor)
    operation.lock_platform()
    rows = {row.name: row for row in PluginConfig.objects.select_for_update()}
    unmigrated = _unmigrated_apps()
    report = SyncReport()
    work.before, work.after = {}, {}
    for entry in registry.entries():
        _write(work, report, rows.pop(entry.name, None), entry, unmigrated)
    for row in rows.values():
        report.missing.append(row.name)
        _save(work, row, _view(row), status=PluginStatus.MISSING, reason="The plugin is not installed any more.")
    work.changed = True
    operation.renew_platform()
    return report


def _write(
    work: Operation, report: SyncReport, row: PluginConfig | None, entry: Entry, unmigrated: frozenset[str]
) -> None:
    before = _view(row) if row is not None else None
    row = row or PluginConfig(name=entry.name, verbose_name=entry.name)
    status, reason = _status(row, entry, unmigrated)
    if entry.manifest is not None:
        for name in MANIFEST_FIELDS:
            setattr(row, name, getattr(entry.manifest, name))
        row.dependencies = [{"name": d.name, "specifier": d.specifier} for d in entry.manifest.dependencies]
    if status == PluginStatus.LOADED:
        settings_faults.check_all(row)
    _save(work, row, before, status=status, reason=reason)
    if before is None:
        report.added.append(row.name)
    elif before != _view(row):
        report.updated.append(row.name)
    if status in (PluginStatus.FAILED, PluginStatus.INCOMPATIBLE):
        report.failed.append(row.name)


def _save(
    work: Operation, row: PluginConfig, before: dict[str, object] | None, *, status: PluginStatus, reason: str
) -> None:
    row.status, row.status_reason, row.synced_at = status, reason, timezone.now()
    row.save()
    if before != _view(row):
        work.before[row.name], work.after[row.name] = before, _view(row)


def _status(row: PluginConfig, entry: Entry, unmigrated: frozenset[str]) -> tuple[PluginStatus, str]:
    if entry.status == "unloaded":
        return PluginStatus.MISSING, entry.reason or "The plugin is not loaded."
    if entry.status != "loaded":
        return PluginStatus(entry.status), entry.reason or ""
    if entry.module in unmigrated:
        return PluginStatus.NEEDS_MIGRATION, f"Run 'manage.py migrate' for '{entry.name}', then sync again."
    if row.status == PluginStatus.PAUSED:
        return PluginStatus.PAUSED, row.status_reason
    return PluginStatus.LOADED, ""


def _view(row: PluginConfig) -> dict[str, object]:
    return {"version": row.version, "status": str(row.status), "reason": row.status_reason} | {
        name: getattr(row, name) for name in (*MANIFEST_FIELDS[:1], *MANIFEST_FIELDS[2:], "dependencies")
    }


def _unmigrated_apps() -> frozenset[str]:
    """The modules of the apps that have migrations which are not applied."""
    loader = MigrationLoader(connection)
    labels = {app for app, name in loader.graph.nodes if (app, name) not in loader.applied_migrations}
    return frozenset(apps.get_app_config(label).name for label in labels)
