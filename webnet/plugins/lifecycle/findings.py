"""What a sync finds out about each plugin before it writes anything: its status, and what an upgrade would mean."""

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

    `faults` are why migrations failed just now. With `will_migrate`, those pending are as good as run.
    """

    pending: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: Mapping[str, LoadFailure] = field(default_factory=dict)
    will_migrate: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is to be written about one plugin; `row` is None for a new one.

    `traceback` is where the reason was raised, empty where nothing was. `is_taken` says whether the installed version
    becomes the one that is stored.
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
        """Whether somebody has to do something about it."""
        refused = self.upgrade is not None and bool(self.upgrade.refusal)
        return refused or self.status in (PluginStatus.FAILED, PluginStatus.INCOMPATIBLE)

    @property
    def is_migratable(self) -> bool:
        """Whether its migrations may be run: not those of a version that is not taken."""
        return self.entry.status == "loaded" and not (self.upgrade and self.upgrade.refusal)


def judge(entry: Entry, row: PluginConfig | None, around: Circumstances) -> Finding:
    """The finding about one installed plugin. Changes nothing."""
    is_new = row is None
    if entry.status == "unloaded":
        status, reason = PluginStatus.MISSING, entry.reason or "The plugin is not loaded."
        return Finding(entry=entry, row=row, status=status, reason=reason, is_taken=is_new)
    if entry.status != "loaded" or entry.plugin is None or entry.manifest is None:
        status, reason = PluginStatus(entry.status), entry.reason
        return Finding(entry=entry, row=row, status=status, reason=reason, traceback=entry.traceback, is_taken=is_new)
    step = review(row, entry.plugin, entry.manifest, force=around.force) if row is not None else None
    pending = around.pending.get(entry.name, ())
    found = Finding(entry=entry, row=row, status=PluginStatus.LOADED, upgrade=step, pending=pending)
    return _judge_loaded(found, around)


def _judge_loaded(found: Finding, around: Circumstances) -> Finding:
    row, fault = found.row, around.faults.get(found.entry.name)
    if row is not None and found.upgrade is not None and found.upgrade.refusal:
        return _put_off(found, row, found.upgrade)
    if found.pending and (fault is not None or not around.will_migrate):
        found = replace(found, traceback=fault.traceback if fault is not None else "", is_taken=not row)
        return replace(found, status=PluginStatus.NEEDS_MIGRATION, reason=_tell_pending(found, fault))
    if row is not None and row.is_paused:
        return replace(found, status=PluginStatus.PAUSED, reason=row.pause_reason, is_taken=True)
    return replace(found, is_taken=True)


def _put_off(found: Finding, row: PluginConfig, step: Upgrade) -> Finding:
    """All stays as it was: processes with the former version go on, and those with the new one withhold it.

    Only a downgrade is put aside for all, since the older code can't know what the newer one has written.
    """
    if step.is_downgrade or row.status not in (PluginStatus.LOADED, PluginStatus.PAUSED):
        return replace(found, status=PluginStatus.INCOMPATIBLE, reason=step.refusal)
    is_paused = row.status == PluginStatus.PAUSED
    return replace(found, status=PluginStatus(row.status), reason=row.status_reason if is_paused else step.refusal)


def _tell_pending(found: Finding, fault: LoadFailure | None) -> str:
    if fault is not None:
        return f"{fault.reason} Mend it, then {RUN_MIGRATIONS}."
    noun = "migration is" if len(found.pending) == 1 else "migrations are"
    return f"{len(found.pending)} {noun} not applied ({', '.join(found.pending)}): {RUN_MIGRATIONS}."
