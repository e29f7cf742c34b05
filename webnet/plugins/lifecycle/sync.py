"""Reads the installed plugins again and writes what it finds into their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from webnet.audit.operation import (
    ChangeRecord,
    Operation,
    audited,
    is_transient,
    lock_platform,
    renew_customer,
    renew_platform,
)
from webnet.containment import LoadFailure, describe_failure, is_operators
from webnet.customers import access
from webnet.database.held_transaction import has_ended
from webnet.database.table_changes import changing_tables
from webnet.errors import HookFailed
from webnet.plugins.base import call_hook
from webnet.plugins.kernel.identity import ADDRESSES
from webnet.plugins.lifecycle.findings import Circumstances, SyncFinding, assess
from webnet.plugins.lifecycle.settings_migration import store_migrated
from webnet.plugins.lifecycle.stored_schemas import store_schemas
from webnet.plugins.lifecycle.upgrades import Upgrade
from webnet.plugins.loading import migrations as plugin_migrations
from webnet.plugins.loading.missing_migrations import find_missing
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.plugins.registry import PluginRegistry
from webnet.plugins.runtime.change_calls import calling_in_change
from webnet.plugins.settings import validity
from webnet.sentences import sentence

TEXTS = ("verbose_name", "author", "description", "licence", "icon", *ADDRESSES)
GONE = sentence("The plugin is no longer installed.")
# All that a sync may write of a row in which it finds nothing new.
STORED = tuple(each.name for each in PluginConfig._meta.concrete_fields if each.name not in {"id", "updated_at"})


@dataclass(kw_only=True)
class SyncReport:
    """What a sync found, by plugin name: new, changed since the last sync, gone, and in need of attention.

    `findings` has all installed plugins, in the order in which they were loaded.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    findings: list[SyncFinding] = field(default_factory=list)


def migrate(
    registry: PluginRegistry, around: Circumstances, progress: plugin_migrations.Progress | None
) -> dict[str, LoadFailure]:
    """Run the migrations of each loaded plugin unless its upgrade is refused; returns why one failed, by name."""
    with changing_tables():
        entries = [found.entry for found in preview(registry, around) if found.is_migratable]
        return plugin_migrations.migrate_plugins(entries, progress)


def preview(registry: PluginRegistry, around: Circumstances) -> tuple[SyncFinding, ...]:
    """What a sync would find. Changes nothing."""
    around = replace(around, missing=find_missing(registry.loaded()))
    rows = {row.name: row for row in PluginConfig.objects.all()}
    return tuple(assess(entry, rows.get(entry.name), around) for entry in registry.entries())


@audited
def require_operator(operation: Operation) -> None:
    """Refuse anybody but platform operators, before anything that takes long."""
    access.require_operator(operation.actor)


def sync(
    operation: Operation, registry: PluginRegistry, around: Circumstances, schemas: Mapping[str, str] | None
) -> SyncReport:
    """Store a row for every installed plugin; those that are no longer installed become MISSING and stay otherwise.

    `schemas` is what each adds to the schema; it is stored with the versions that are taken. If the hook of a plugin
    ends the transaction, all is done again without that plugin's version, whose status is FAILED.
    """
    while True:
        try:
            return _sync(operation, registry, around, schemas)
        except HookFailed as failed:
            if not failed.ended_transaction or failed.plugin_name in around.ending:
                raise
            around = replace(around, ending={**around.ending, failed.plugin_name: LoadFailure(reason=failed.message)})


@audited
def _sync(
    operation: Operation, registry: PluginRegistry, around: Circumstances, schemas: Mapping[str, str] | None
) -> SyncReport:
    access.require_operator(operation.actor)
    lock_platform()
    around = replace(around, missing=find_missing(registry.loaded()))
    rows = {row.name: row for row in PluginConfig.objects.select_for_update()}
    report = SyncReport()
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for entry in registry.entries():
        finding = assess(entry, rows.pop(entry.name, None), around)
        _require_transaction(entry.name)
        former = _view(finding.row) if finding.row is not None else None
        current = _view(_write(operation, report, finding, around))
        if former != current:
            before[entry.name], after[entry.name] = former, current
            (report.added if former is None else report.updated).append(entry.name)
    if schemas is not None:
        store_schemas(report.findings, schemas)
    # The rows that are left have no entry: their plugins are no longer installed.
    for row in rows.values():
        report.missing.append(row.name)
        former = _view(row)
        _save(row, PluginStatus.MISSING, GONE, former=former)
        if former != _view(row):
            before[row.name], after[row.name] = former, _view(row)
    operation.record(before=before, after=after)
    renew_platform()
    return report


def _write(operation: Operation, report: SyncReport, found: SyncFinding, around: Circumstances) -> PluginConfig:
    """Write one plugin's row, which is returned; what its own code raises fails this plugin alone."""
    name = found.entry.name
    doing = sentence("Storing the metadata of '{plugin}'", plugin=name)
    if (step := found.upgrade) is not None:
        versions = {"former": step.from_version, "version": step.to_version}
        doing = sentence("The upgrade of '{plugin}' from {former} to {version}", plugin=name, **versions)
    fault = _attempt(lambda: _take(operation, found), doing=doing)
    _require_transaction(name)
    if fault is not None:
        # The savepoint was rolled back, so the row is read again, and only its status changes.
        found = replace(found, row=PluginConfig.objects.filter(name=name).first(), status=PluginStatus.FAILED)
        found = replace(found, reason=fault.reason, traceback=fault.traceback, is_accepted=False)
        _take(operation, found)
    report.findings.append(found)
    if found.is_bad or name in around.faults:
        report.failed.append(name)
    return PluginConfig.objects.get(name=name)


def _take(operation: Operation, found: SyncFinding) -> None:
    """Write one plugin's row and, with an accepted upgrade, its settings; then call its `on_upgrade`."""
    row = found.row or PluginConfig(name=found.entry.name, verbose_name=found.entry.name)
    former = _view(row)
    if found.is_accepted and found.entry.manifest is not None:
        manifest = found.entry.manifest
        for name in (*TEXTS, "version"):
            setattr(row, name, getattr(manifest, name))
        row.keywords = list(manifest.keywords)
        row.dependencies = [{"name": d.name, "specifier": d.specifier} for d in manifest.dependencies]
    _save(row, found.status, found.reason, found.traceback, former=former)
    changes = _carry_out(row, found.upgrade) if found.is_accepted and found.upgrade is not None else []
    if found.is_accepted and found.status == PluginStatus.LOADED and validity.check_all(row):
        row.save(update_fields=["settings_fault", "settings_checked"])
    if found.is_accepted and found.upgrade is not None and found.entry.plugin and not found.upgrade.is_downgrade:
        with calling_in_change(found.entry.name, "on_upgrade"):
            call_hook(found.entry.plugin, "on_upgrade", found.upgrade.from_version)
    for change in changes:
        operation.record_other(change)


def _require_transaction(plugin: str) -> None:
    """Raise HookFailed if a hook of the plugin has ended the transaction: catching its exception does not mend that."""
    if has_ended() or connection.needs_rollback:
        message = sentence(
            "A hook of '{plugin}' ended the transaction of the sync, so its installed version was not taken.",
            plugin=plugin,
        )
        raise HookFailed(message, plugin_name=plugin, ended_transaction=True)


def _carry_out(row: PluginConfig, step: Upgrade) -> list[ChangeRecord]:
    """Store the migrated settings; returns what goes into the audit log."""
    row.settings_checked = ""  # so that `validity.check_all` checks all layers again
    versions = ({"version": step.from_version}, {"version": step.to_version})
    changes = [ChangeRecord(step.plugin, step.to_version, *versions, action="upgrade_plugin")]
    for migrated in (each for each in step.migrated if each.is_changed):
        changes.append(replace(store_migrated(migrated), plugin_version=step.to_version))
        if migrated.customer is not None:
            renew_customer(migrated.customer)
    return changes


def _attempt(change: Callable[[], None], *, doing: str) -> LoadFailure | None:
    """Do one plugin's part completely or not at all, so that a bad plugin never stops the sync of the others."""
    try:
        with transaction.atomic():
            change()
    except BaseException as error:
        if is_operators(error):
            raise
        # A deadlock is not the plugin's fault: the whole operation is retried.
        if isinstance(error, OperationalError) and is_transient(error):
            raise
        return describe_failure(error, doing=doing)
    return None


def _save(
    row: PluginConfig, status: PluginStatus, reason: str, traceback: str = "", *, former: dict[str, object]
) -> None:
    """Store what was found of a plugin, which was `former` before; `updated_at` only changes with that."""
    row.status, row.status_reason, row.synced_at = status, reason, timezone.now()
    row.status_traceback = traceback
    is_same = not row._state.adding and _view(row) == former
    row.save(update_fields=STORED if is_same else None)


def _view(row: PluginConfig) -> dict[str, object]:
    return {"version": row.version, "status": str(row.status), "reason": row.status_reason} | {
        name: getattr(row, name) for name in (*TEXTS, "keywords", "dependencies")
    }
