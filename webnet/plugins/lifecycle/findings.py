"""What a sync finds out about each plugin before it writes anything: its status, and what an upgrade would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from webnet.containment import LoadFailure
from webnet.plugins.lifecycle.upgrades import Upgrade, review
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.plugins.registry import Entry

RUN_MIGRATIONS = "run 'manage.py sync_plugins --migrate'"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What all findings depend on; `pending` has the migrations that are to be run, by plugin name.

    `faults` has why migrations failed just now. With `will_migrate`, pending ones count as applied.
    """

    pending: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: Mapping[str, LoadFailure] = field(default_factory=dict)
    will_migrate: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class SyncFinding:
    """What is to be written about one plugin; `row` is None for a new one.

    `traceback` is that of the reason, empty where nothing was raised. `is_taken`: whether the installed version becomes
    the stored one.
    """

    entry: Entry
    row: PluginConfig | None
    status: PluginStatus
    reason: str = ""
    traceback: str = ""
    upgrade: Upgrade | None = None
    pending: tuple[str, ...] = ()
    is_taken: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether somebody has to act on it."""
        refused = self.upgrade is not None and bool(self.upgrade.refusal)
        return refused or self.status in (PluginStatus.FAILED, PluginStatus.INCOMPATIBLE)

    @property
    def is_migratable(self) -> bool:
        """Whether its migrations may be run: not those of a version that is not taken."""
        return self.entry.status == "loaded" and not (self.upgrade and self.upgrade.refusal)


def judge(entry: Entry, row: PluginConfig | None, around: Circumstances) -> SyncFinding:
    """The finding about one installed plugin. Changes nothing."""
    is_new = row is None
    if entry.status == "unloaded":
        status, reason = PluginStatus.MISSING, entry.reason or "The plugin is not loaded."
        return SyncFinding(entry=entry, row=row, status=status, reason=reason, is_taken=is_new)
    if entry.status != "loaded" or entry.plugin is None or entry.manifest is None:
        status, reason = PluginStatus(entry.status), entry.reason
        return SyncFinding(
            entry=entry, row=row, status=status, reason=reason, traceback=entry.traceback, is_taken=is_new
        )
    step = review(row, entry.plugin, entry.manifest, force=around.force) if row is not None else None
    pending = around.pending.get(entry.name, ())
    found = SyncFinding(entry=entry, row=row, status=PluginStatus.LOADED, upgrade=step, pending=pending)
    return _judge_loaded(found, around)


def _judge_loaded(found: SyncFinding, around: Circumstances) -> SyncFinding:
    row, fault = found.row, around.faults.get(found.entry.name)
    if row is not None and found.upgrade is not None and found.upgrade.refusal:
        return _put_off(found, row, found.upgrade)
    # Before a pause: without its tables the plugin can't run, paused or not.
    if found.pending and (fault is not None or not around.will_migrate):
        verb = "migration is" if len(found.pending) == 1 else "migrations are"
        reason = f"{len(found.pending)} {verb} not applied ({', '.join(found.pending)}): {RUN_MIGRATIONS}."
        if fault is not None:
            reason = f"{fault.reason} Fix it, then {RUN_MIGRATIONS}."
        traceback = fault.traceback if fault is not None else ""
        status = PluginStatus.NEEDS_MIGRATION
        return replace(found, status=status, reason=reason, traceback=traceback, is_taken=not row)
    if row is not None and row.is_paused:
        return replace(found, status=PluginStatus.PAUSED, reason=row.pause_reason, is_taken=True)
    return replace(found, is_taken=True)


def _put_off(found: SyncFinding, row: PluginConfig, step: Upgrade) -> SyncFinding:
    """Nothing changes: processes with the former version continue, and those with the new one withhold it."""
    # Only a downgrade is put aside for all, since older code can't know what newer code has written.
    if step.is_downgrade or row.status not in (PluginStatus.LOADED, PluginStatus.PAUSED):
        return replace(found, status=PluginStatus.INCOMPATIBLE, reason=step.refusal)
    is_paused = row.status == PluginStatus.PAUSED
    return replace(found, status=PluginStatus(row.status), reason=row.status_reason if is_paused else step.refusal)
