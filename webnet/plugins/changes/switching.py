"""Enabling, disabling and offering plugins, for everybody or for one customer: one script over both scopes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from webnet.audit.operation import ChangeRecord, Operation, audited
from webnet.customers import access
from webnet.customers.models import Customer
from webnet.database.model_columns import ModelColumns
from webnet.errors import DependencyRefusal
from webnet.plugins.changes.availabilities import Choice, quote
from webnet.plugins.changes.scopes import Scope, lock_scope
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.hooks.in_change import run_hook
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig
from webnet.sentences import sentence

CONFIG = ModelColumns(CustomerPluginConfig, "c")
SWITCH_FIELDS = ("enabled", "availability", "updated_at")


@dataclass(frozen=True, kw_only=True)
class PluginChange:
    """How a change ended; `also` names the other plugins that were switched with it, in that order.

    `state` is what holds after it, for everybody or for the customer, in its transaction; None if it has to be read.
    """

    plugin: str
    customer: Customer | None
    changed: bool
    also: tuple[str, ...] = ()
    state: PlatformState | CustomerState | None = field(default=None, compare=False, repr=False)


@audited
def switch(
    operation: Operation,
    *,
    customer: str | None,
    enabled: bool | None,
    availability: Availability | None = None,
    cascade: bool,
    only: Collection[str] | None = None,
) -> PluginChange:
    """Switch the plugin on or off; None forgets a customer's choice, so that the availability alone decides again.

    `cascade` switches what it needs, or what needs it, as well; without it those refuse the change. An `availability`
    is set along with it. With `only`, it is refused if any other plugin would be changed.
    """
    scope = lock_scope(operation, customer)
    wanted = Choice(
        plugin=operation.plugin_name,
        enabled=enabled,
        availability=availability or scope.row(operation.plugin_name).availability,
    )
    choices = scope.plan_switch(wanted, cascade=cascade)
    if only is not None:
        _refuse_others(scope, choices, only)
    return _write(operation, scope, choices)


@audited
def set_availability(operation: Operation, *, customer: str | None, availability: Availability | None) -> PluginChange:
    """Set what customers may do; None is the plugin's own for one customer, and OFFERED for everybody.

    For platform operators. No hook runs for everybody's availability: it is not determined which customers it switches.
    """
    access.require_operator(operation.actor)
    scope = lock_scope(operation, customer)
    former = scope.row(operation.plugin_name)
    wanted = Choice(
        plugin=operation.plugin_name,
        enabled=former.enabled,
        availability=availability or (Availability.OFFERED if customer is None else ""),
    )
    scope.check_availability(wanted)
    return _write(operation, scope, (wanted,))


def _refuse_others(scope: Scope, choices: Sequence[Choice], only: Collection[str]) -> None:
    others = tuple(each.plugin for each in choices if each.plugin not in only and not _holds(scope, each))
    if others:
        message = sentence(
            "It would change {others} as well, which was not planned. Look at the plan again.", others=quote(others)
        )
        raise DependencyRefusal(message, code="PLAN_CHANGED", plugins=others)


def _holds(scope: Scope, choice: Choice) -> bool:
    """Whether it is stored so already."""
    row = scope.row(choice.plugin)
    return (row.enabled, row.availability) == (choice.enabled, choice.availability)


def _write(operation: Operation, scope: Scope, choices: tuple[Choice, ...]) -> PluginChange:
    """Write what changes, call the hooks of what is switched on or off by it, and record each plugin's change.

    The operation's own choice comes last.
    """
    written: list[Any] = []  # of the scope's kind of rows
    for choice in choices:
        if _holds(scope, choice):
            continue
        row = scope.row(choice.plugin)
        before = describe_switch(row)
        was_on = scope.is_on(Choice(plugin=choice.plugin, enabled=row.enabled, availability=row.availability))
        is_on = scope.is_on(choice)
        row = scope.copy_row(choice.plugin)
        row.enabled, row.availability = choice.enabled, str(choice.availability)
        if isinstance(row, CustomerPluginConfig) and not row._state.adding:
            CONFIG.update(row, SWITCH_FIELDS)
        else:
            row.save(update_fields=None if row._state.adding else SWITCH_FIELDS)
        written.append(row)
        if is_on != was_on:
            run_hook(operation, "enable" if is_on else "disable", row)
        if choice.plugin == operation.plugin_name:
            operation.record(before=before, after=describe_switch(row))
        else:
            version = scope.platform.plugins[choice.plugin].version or ""
            operation.record_other(ChangeRecord(choice.plugin, version, before=before, after=describe_switch(row)))
    return PluginChange(
        plugin=operation.plugin_name,
        customer=scope.customer,
        changed=operation.has_changed,
        also=tuple(choice.plugin for choice in choices[:-1]),
        state=scope.renew(*written) if operation.has_changed else scope.known_state(),
    )


def describe_switch(row: PluginConfig | CustomerPluginConfig) -> dict[str, object]:
    """What an audit row contains about a switch, before and after."""
    return {"enabled": row.enabled, "availability": row.availability or None}
