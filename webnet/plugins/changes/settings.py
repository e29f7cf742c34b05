"""Changes one layer of a plugin's settings, the global one or one customer's, or only plans that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.errors import Conflict, Refusal, SettingsIssue
from webnet.plugins.changes.scopes import (
    CustomerScope,
    PlatformScope,
    Scope,
    find_plugin,
    find_seen_plugin,
    lock_customer,
    lock_platform,
    require_runnable,
)
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers, validity
from webnet.plugins.settings.edits import Edit, invalid
from webnet.plugins.settings.history import ChangedSetting, audit_view, changed_secrets, compare_views
from webnet.plugins.settings.layers import Layer
from webnet.plugins.settings.validity import CustomerIssues, Issues, describe_fault, find_issues
from webnet.sentences import sentence
from webnet.values.json_text import is_same_json

LAYER_FIELDS = ("settings", "secrets", "settings_revision", "settings_fault", "updated_at")


@dataclass(frozen=True, kw_only=True)
class SettingsChange:
    """An edit of a layer, and its conditions; `customer_issues` is for global changes only."""

    edit: Edit
    expected_revision: int | None = None
    allow_invalid: bool = False
    customer_issues: CustomerIssues = field(default_factory=CustomerIssues)


@dataclass(frozen=True, kw_only=True)
class SettingsPlan:
    """What a change of a layer would do: the values that it changes, even if those are refused.

    `revision` is the layer's, None if the layer is not the actor's to change.
    """

    changes: tuple[ChangedSetting, ...] = ()
    revision: int | None = None
    refusal: Refusal | None = None


def with_customer_issues(operation: Operation, change: SettingsChange) -> SettingsChange:
    """The change of the global layer with the issues that customers would have, found before the lock is taken.

    Validating the layers of many customers takes a while, and with the lock nothing else could be changed meanwhile.
    """
    return replace(
        change, customer_issues=validity.find_customer_issues(operation.actor, operation.plugin_name, change.edit)
    )


@audited
def change_global(operation: Operation, change: SettingsChange) -> PluginChange:
    """Edit the layer that holds for everybody; refused if customers' own settings would no longer be valid."""
    scope = lock_platform(operation)
    row, state = scope.read_row(operation.plugin_name), scope.known_state()
    require_runnable(scope.platform, row)
    revision = row.settings_revision
    is_changed, _ = _edit(operation, row.name, row, change)
    if is_changed:
        issues = _check_global(row, change)
        validity.refuse_or_store(row, change.customer_issues, revision=revision, allow_invalid=change.allow_invalid)
        row.settings_fault = describe_fault(layers.schema_of(row.name), issues)
        row.save(update_fields=LAYER_FIELDS)
        state = scope.renew(scope.read_row(row.name))
    return _describe_change(operation, scope, state)


@audited
def change_customer(operation: Operation, change: SettingsChange, *, customer: str) -> PluginChange:
    """Edit one customer's own layer."""
    scope = lock_customer(operation, customer)
    row, state = scope.platform.plugins[operation.plugin_name], scope.known_state()
    config = scope.read_row(row.name)
    require_runnable(scope.platform, row)
    is_changed, beyond = _edit(operation, row.name, config, change)
    if is_changed or beyond:
        _check_customer(operation, row, config, beyond=beyond)
        config.settings_fault = ""
        config.save(update_fields=None if config._state.adding else LAYER_FIELDS)
        state = scope.renew(scope.read_row(row.name))
    return _describe_change(operation, scope, state)


def plan(plugin: str, change: SettingsChange, *, actor: Actor, customer: str | None) -> SettingsPlan:
    """What the change would do for everybody or for a customer, or why it would be refused. Changes nothing."""
    operation = Operation(actor=actor, action="plan_settings", plugin_name=plugin)
    if customer is not None:
        return _plan_customer(operation, change, customer=customer)
    return _plan_global(operation, with_customer_issues(operation, change))


def _plan_global(operation: Operation, change: SettingsChange) -> SettingsPlan:
    """What `change_global` would do, or why it would refuse. Changes nothing, and records nothing."""
    revision: int | None = None
    try:
        access.require_operator(operation.actor)
        scope = PlatformScope(platform=platform_state())
        find_plugin(scope.platform.plugins, operation.plugin_name)
        row = scope.read_row(operation.plugin_name)
        revision = row.settings_revision
        require_runnable(scope.platform, row)
        is_changed, _ = _edit(operation, row.name, row, change)
        if is_changed:
            _check_global(row, change)
            if not change.allow_invalid:
                validity.refuse_if_broken(row, change.customer_issues, revision=revision)
    except Refusal as refusal:
        return SettingsPlan(changes=_list_planned(operation), revision=revision, refusal=refusal)
    return SettingsPlan(changes=_list_planned(operation), revision=revision)


def _plan_customer(operation: Operation, change: SettingsChange, *, customer: str) -> SettingsPlan:
    """What `change_customer` would do, in the same way."""
    revision: int | None = None
    try:
        found = access.find_customer(operation.actor, customer)
        access.require(operation.actor, Role.OPERATOR, customer=found)
        state = customer_state(found)
        row = find_seen_plugin(operation.actor, state, operation.plugin_name)
        config: CustomerPluginConfig = CustomerScope.of(state).read_row(row.name)
        revision = config.settings_revision
        require_runnable(state.platform, row)
        is_changed, beyond = _edit(operation, row.name, config, change)
        if is_changed or beyond:
            _check_customer(operation, row, config, beyond=beyond)
    except Refusal as refusal:
        return SettingsPlan(changes=_list_planned(operation), revision=revision, refusal=refusal)
    return SettingsPlan(changes=_list_planned(operation), revision=revision)


def _list_planned(operation: Operation) -> tuple[ChangedSetting, ...]:
    """The values that the operation would have changed."""
    record = operation.recorded
    return compare_views(record.before, record.after) if record is not None else ()


def _check_global(row: PluginConfig, change: SettingsChange) -> Issues:
    """What is wrong with the changed global layer; refused unless that is allowed."""
    issues = find_issues(row)
    if issues and not change.allow_invalid:
        raise invalid(row.name, issues)
    return issues


def _check_customer(operation: Operation, row: PluginConfig, config: CustomerPluginConfig, *, beyond: Issues) -> None:
    """Refuse the customer's changed layer if something is wrong with it, or `beyond` what it may set."""
    if issues := _visible_issues(operation, row, find_issues(row, config), beyond=beyond):
        raise invalid(row.name, issues)


def _edit(operation: Operation, plugin: str, layer: Layer, change: SettingsChange) -> tuple[bool, Issues]:
    """Edit the layer, not yet saved, and record the change: whether it changes anything, and what it must not set."""
    current = layer.settings_revision
    if change.expected_revision is not None and change.expected_revision != current:
        message = sentence(
            "The settings of '{plugin}' are at revision {current}, not {expected}; read them again.",
            plugin=plugin,
            current=current,
            expected=change.expected_revision,
        )
        raise Conflict(message, current_revision=current)
    before, sealed = audit_view(layer), layer.secrets
    beyond = change.edit(layer)
    if is_same_json(before["settings"], layer.settings) and sealed == layer.secrets:
        return False, beyond
    layer.settings_revision += 1
    after = {**audit_view(layer), "secretsChanged": changed_secrets(sealed, layer.secrets)}
    operation.record(before=before, after=after)
    return True, beyond


def _describe_change(operation: Operation, scope: Scope, state: PlatformState | CustomerState | None) -> PluginChange:
    return PluginChange(
        plugin=operation.plugin_name, customer=scope.customer, changed=operation.has_changed, state=state
    )


def _visible_issues(operation: Operation, row: PluginConfig, issues: Issues, *, beyond: Issues) -> Issues:
    """The issues that the actor may see: for customers, without those of platform-only settings.

    `beyond` are settings that the change must not set; what else is wrong with them does not matter.
    """
    schema, refused = layers.schema_of(row.name), {issue.path for issue in beyond}
    others = tuple(issue for issue in issues if issue.path not in refused)
    if schema is None or operation.actor.is_platform_operator:
        return (*beyond, *others)
    visible = tuple(issue for issue in others if not schema.platform_only(issue.path))
    if issues and not (beyond or visible):
        return (SettingsIssue(path="", message=validity.PLATFORMS_FAULT),)
    return (*beyond, *visible)
