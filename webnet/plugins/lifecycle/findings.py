"""Determines each plugin's status, and what an upgrade would change, before a sync writes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from webnet.containment import LoadFailure
from webnet.plugins.lifecycle.upgrades import Upgrade, review
from webnet.plugins.loading.missing_migrations import RUN_MIGRATIONS, MissingMigrations
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.plugins.registry import Entry
from webnet.sentences import join_sentences, sentence

NOTHING_MISSING = MissingMigrations()


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What all findings depend on, by plugin name; `faults` has why migrations failed just now.

    `ending` has the plugins whose hooks have ended the transaction of this sync, and are not called again.
    With `will_migrate`, pending ones count as applied.
    """

    missing: Mapping[str, MissingMigrations] = field(default_factory=dict)
    faults: Mapping[str, LoadFailure] = field(default_factory=dict)
    ending: Mapping[str, LoadFailure] = field(default_factory=dict)
    will_migrate: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class SyncFinding:
    """What is to be written about one plugin; `row` is None for a new one.

    `traceback` is that of the reason, empty if nothing was raised. `is_accepted`: whether the installed version becomes
    the stored one.
    """

    entry: Entry
    row: PluginConfig | None
    status: PluginStatus
    reason: str = ""
    traceback: str = ""
    upgrade: Upgrade | None = None
    missing: MissingMigrations = NOTHING_MISSING
    is_accepted: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether it needs attention."""
        refused = self.upgrade is not None and bool(self.upgrade.refusal)
        is_broken = self.status in (PluginStatus.FAILED, PluginStatus.INCOMPATIBLE)
        return refused or is_broken or bool(self.missing.unwritten)

    @property
    def is_migratable(self) -> bool:
        """Whether its migrations may be run: not those of a version that is not accepted."""
        return self.entry.status == "loaded" and not (self.upgrade and self.upgrade.refusal)


def assess(entry: Entry, row: PluginConfig | None, around: Circumstances) -> SyncFinding:
    """The finding about one installed plugin. Changes nothing."""
    is_new = row is None
    if entry.status == "unloaded":
        status, reason = PluginStatus.MISSING, entry.reason or sentence("The plugin is not loaded.")
        return SyncFinding(entry=entry, row=row, status=status, reason=reason, is_accepted=is_new)
    if entry.status != "loaded" or entry.plugin is None or entry.manifest is None:
        status, reason = PluginStatus(entry.status), entry.reason
        return SyncFinding(
            entry=entry, row=row, status=status, reason=reason, traceback=entry.traceback, is_accepted=is_new
        )
    if (ending := around.ending.get(entry.name)) is not None:
        status = PluginStatus.FAILED
        return SyncFinding(entry=entry, row=row, status=status, reason=ending.reason, is_accepted=is_new)
    step = review(row, entry.plugin, entry.manifest, force=around.force) if row is not None else None
    missing = around.missing.get(entry.name, NOTHING_MISSING)
    found = SyncFinding(entry=entry, row=row, status=PluginStatus.LOADED, upgrade=step, missing=missing)
    return _assess_loaded(found, around)


def _assess_loaded(found: SyncFinding, around: Circumstances) -> SyncFinding:
    row = found.row
    if row is not None and found.upgrade is not None and found.upgrade.refusal:
        return _refuse_upgrade(found, row, found.upgrade)
    # Before a pause: without its tables the plugin can't run, paused or not.
    missing = _describe_missing(found, around)
    if missing is not None:
        status, is_new = PluginStatus.NEEDS_MIGRATION, row is None
        return replace(found, status=status, reason=missing.reason, traceback=missing.traceback, is_accepted=is_new)
    if row is not None and row.is_paused:
        return replace(found, status=PluginStatus.PAUSED, reason=row.pause_reason, is_accepted=True)
    return replace(found, is_accepted=True)


def _describe_missing(found: SyncFinding, around: Circumstances) -> LoadFailure | None:
    """Why its tables are not as its models say, and what to run; None if they are."""
    missing, fault = found.missing, around.faults.get(found.entry.name)
    if missing.pending and fault is not None:
        way_out = sentence("Fix it, then {command}.", command=RUN_MIGRATIONS)
        return replace(fault, reason=join_sentences((fault.reason, way_out)))
    if missing.unwritten or (missing.pending and not around.will_migrate):
        return LoadFailure(reason=missing.reason)
    return None


def _refuse_upgrade(found: SyncFinding, row: PluginConfig, step: Upgrade) -> SyncFinding:
    """Keep the former version: its processes continue, and those with the new version don't run the plugin."""
    # A downgrade is refused for everybody, since older code can't know what newer code has stored.
    if step.is_downgrade or row.status not in (PluginStatus.LOADED, PluginStatus.PAUSED):
        return replace(found, status=PluginStatus.INCOMPATIBLE, reason=step.refusal)
    is_paused = row.status == PluginStatus.PAUSED
    return replace(found, status=PluginStatus(row.status), reason=row.status_reason if is_paused else step.refusal)
