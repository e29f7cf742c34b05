"""Reads the installed plugins anew and writes what was found into their rows; runs inside an `Operation`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.db import OperationalError, transaction
from django.utils import timezone

from webnet.audit import operation
from webnet.audit.operation import Change, Operation
from webnet.containment import LoadFailure, describe_failure
from webnet.customers import access
from webnet.plugins.base import call_hook
from webnet.plugins.kernel.identity import PluginIdentity
from webnet.plugins.lifecycle.findings import Circumstances, Finding, judge
from webnet.plugins.lifecycle.settings_migration import store_moved
from webnet.plugins.lifecycle.upgrades import Upgrade
from webnet.plugins.loading import migrations as plugin_migrations
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.plugins.registry import PluginRegistry
from webnet.plugins.settings import validity

MANIFEST_FIELDS = ("verbose_name", "version", "author", "description", "homepage")
GONE = "The plugin is not installed any more."


@dataclass(kw_only=True)
class SyncReport:
    """What a sync found, by plugin name: new, changed since the last sync, gone, and in need of somebody's help.

    `findings` has all that is installed, in the order in which it was loaded.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def migrate(
    registry: PluginRegistry, around: Circumstances, progress: plugin_migrations.Progress | None
) -> dict[str, LoadFailure]:
    """Run the migrations of every plugin that is loaded and whose upgrade is not refused; why one failed, by name."""
    entries = [found.entry for found in preview(registry, around) if found.is_migratable]
    return plugin_migrations.migrate_plugins(entries, progress)


def preview(registry: PluginRegistry, around: Circumstances) -> tuple[Finding, ...]:
    """What a sync would find. Changes nothing."""
    around = replace(around, pending=plugin_migrations.find_pending(registry.loaded()))
    rows = {row.name: row for row in PluginConfig.objects.all()}
    return tuple(judge(entry, rows.get(entry.name), around) for entry in registry.entries())


def sync(work: Operation, registry: PluginRegistry, around: Circumstances) -> SyncReport:
    """One row for every plugin that is installed; those that are gone become MISSING and keep all they had."""
    access.require_operator(work.actor)
    operation.lock_platform()
    around = replace(around, pending=plugin_migrations.find_pending(registry.loaded()))
    rows = {row.name: row for row in PluginConfig.objects.select_for_update()}
    report = SyncReport()
    work.before, work.after = {}, {}
    for entry in registry.entries():
        _write(work, report, judge(entry, rows.pop(entry.name, None), around), around)
    for row in rows.values():
        report.missing.append(row.name)
        before = _view(row)
        _save(row, PluginStatus.MISSING, GONE)
        _note(work, row, before)
    work.changed = True
    operation.renew_platform()
    return report


def _write(work: Operation, report: SyncReport, found: Finding, around: Circumstances) -> None:
    name = found.entry.name
    before = _view(found.row) if found.row is not None else None
    fault = _attempt(lambda: _take(work, found), doing=_describe(found))
    if fault is not None:
        found = replace(found, row=PluginConfig.objects.filter(name=name).first(), status=PluginStatus.FAILED)
        found = replace(found, reason=fault.reason, traceback=fault.traceback, is_taken=False)
        _take(work, found)
    row = PluginConfig.objects.get(name=name)
    _note(work, row, before)
    report.findings.append(found)
    if before is None:
        report.added.append(name)
    elif before != _view(row):
        report.updated.append(name)
    if found.is_bad or name in around.faults:
        report.failed.append(name)


def _take(work: Operation, found: Finding) -> None:
    """Write one plugin's row and, with an upgrade that is taken, its settings; then its `on_upgrade` has the word."""
    row = found.row or PluginConfig(name=found.entry.name, verbose_name=found.entry.name)
    if found.is_taken and found.entry.manifest is not None:
        _describe_plugin(row, found.entry.manifest)
    _save(row, found.status, found.reason, found.traceback)
    changes = _carry_out(row, found.upgrade) if found.is_taken and found.upgrade is not None else []
    if found.is_taken and found.status == PluginStatus.LOADED and validity.check_all(row):
        row.save(update_fields=["settings_fault", "settings_checked"])
    if found.is_taken and found.upgrade is not None and found.entry.plugin and not found.upgrade.is_downgrade:
        call_hook(found.entry.plugin, "on_upgrade", found.upgrade.from_version)
    work.also.extend(changes)


def _carry_out(row: PluginConfig, step: Upgrade) -> list[Change]:
    """Store the moved settings; returns what the audit log shall say of it."""
    row.settings_checked = ""
    versions = ({"version": step.from_version}, {"version": step.to_version})
    changes = [Change(step.plugin, step.to_version, *versions, action="upgrade_plugin")]
    for moved in (each for each in step.moved if each.is_changed):
        changes.append(replace(store_moved(moved), plugin_version=step.to_version))
        if moved.customer is not None:
            operation.renew_customer(moved.customer)
    return changes


def _attempt(change: Callable[[], None], *, doing: str) -> LoadFailure | None:
    """Carry out one plugin's part whole or not at all, so that a bad one never stops the sync of the others."""
    try:
        with transaction.atomic():
            change()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin can't take the house down
        if isinstance(error, OperationalError) and operation.is_transient(error):
            raise
        return describe_failure(error, doing=doing)
    return None


def _describe(found: Finding) -> str:
    if found.upgrade is None:
        return f"Storing what '{found.entry.name}' says of itself"
    return f"The upgrade of '{found.entry.name}' from {found.upgrade.from_version} to {found.upgrade.to_version}"


def _describe_plugin(row: PluginConfig, identity: PluginIdentity) -> None:
    for name in MANIFEST_FIELDS:
        setattr(row, name, getattr(identity, name))
    row.dependencies = [{"name": d.name, "specifier": d.specifier} for d in identity.dependencies]


def _save(row: PluginConfig, status: PluginStatus, reason: str, traceback: str = "") -> None:
    row.status, row.status_reason, row.synced_at = status, reason, timezone.now()
    row.status_traceback = traceback
    row.save()


def _note(work: Operation, row: PluginConfig, before: dict[str, object] | None) -> None:
    after = _view(row)
    if before != after:
        work.before[row.name], work.after[row.name] = before, after


def _view(row: PluginConfig) -> dict[str, object]:
    return {"version": row.version, "status": str(row.status), "reason": row.status_reason} | {
        name: getattr(row, name) for name in (*MANIFEST_FIELDS[:1], *MANIFEST_FIELDS[2:], "dependencies")
    }
