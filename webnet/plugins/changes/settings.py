"""Changes one layer of a plugin's settings; runs inside an `Operation`."""

from __future__ import annotations

from dataclasses import dataclass, field

from webnet.audit import operation
from webnet.audit.operation import Operation
from webnet.customers import access
from webnet.errors import Conflict, SettingsIssue
from webnet.plugins.changes import customer as customer_changes
from webnet.plugins.changes.switching import find_plugin, require_runnable
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.models import PluginConfig
from webnet.plugins.settings import layers, validity
from webnet.plugins.settings.edits import Edit, invalid, is_same
from webnet.plugins.settings.history import audit_view, changed_secrets
from webnet.plugins.settings.layers import Layer
from webnet.plugins.settings.validity import Foresight, Issues, describe_fault, find_issues


@dataclass(frozen=True, kw_only=True)
class SettingsChange:
    """How a layer shall be edited, and on which conditions; `foresight` is of global changes only."""

    edit: Edit
    expected_revision: int | None = None
    allow_invalid: bool = False
    foresight: Foresight = field(default_factory=Foresight)


def change_global(work: Operation, change: SettingsChange) -> tuple[str, ...]:
    """Edit the layer that holds for everybody; refused where customers' own settings would not fit any more."""
    access.require_operator(work.actor)
    operation.lock_platform()
    platform = platform_state()
    row = find_plugin(platform.plugins, work.plugin_name)
    work.plugin_version = row.version or ""
    require_runnable(platform, row)
    revision = row.settings_revision
    if _edit(work, row, row, change):
        issues = find_issues(row)
        if issues and not change.allow_invalid:
            raise invalid(row.name, issues)
        validity.refuse_or_note(row, change.foresight, revision=revision, allow_invalid=change.allow_invalid)
        row.settings_fault = describe_fault(layers.schema_of(row.name), issues)
        _save(work, row)
        operation.renew_platform()
    return ()


def change_customer(work: Operation, change: SettingsChange, *, customer: str) -> tuple[str, ...]:
    """Edit one customer's own layer."""
    state = customer_changes.begin(work, customer)
    row = state.platform.plugins[work.plugin_name]
    require_runnable(state.platform, row)
    config = state.config(row.name)
    if _edit(work, row, config, change):
        if issues := find_issues(row, config):
            raise invalid(row.name, _shown(work, row, issues))
        config.settings_fault = ""
        _save(work, config)
        operation.renew_customer(state.customer)
    return ()


def _edit(work: Operation, row: PluginConfig, layer: Layer, change: SettingsChange) -> bool:
    """Edit the layer, not yet saved; False where that changes nothing."""
    _require_revision(row.name, layer, change.expected_revision)
    before, sealed = audit_view(layer), layer.secrets
    change.edit(layer)
    if is_same(before["settings"], layer.settings) and sealed == layer.secrets:
        return False
    layer.settings_revision += 1
    work.before, work.after = before, audit_view(layer)
    work.after["secretsChanged"] = changed_secrets(sealed, layer.secrets)
    return True


def _save(work: Operation, layer: Layer) -> None:
    layer.save()
    work.changed = True


def _require_revision(plugin: str, layer: Layer, expected: int | None) -> None:
    current = layer.settings_revision
    if expected is not None and expected != current:
        message = f"The settings of '{plugin}' are at revision {current}, not {expected}; read them again."
        raise Conflict(message, current_revision=current)


def _shown(work: Operation, row: PluginConfig, issues: Issues) -> Issues:
    """The issues that the actor may know of: what only the platform can set is not named to customers."""
    schema = layers.schema_of(row.name)
    if schema is None or work.actor.is_platform_operator:
        return issues
    shown = tuple(issue for issue in issues if not schema.platform_only(issue.path))
    return shown or (SettingsIssue(path="", message=validity.PLATFORMS_FAULT),)
