"""Asks plugins how they are, in no transaction and all at the same time, and stores what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.customers.roles import Role
from webnet.errors import PluginUnavailable, Refusal
from webnet.plugins.base import HookContext, PluginBase, call_hook
from webnet.plugins.changes.scopes import find_plugin, find_seen_plugin, require_runnable
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.health import probe
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth
from webnet.plugins.registry import PluginRegistry
from webnet.plugins.settings import layers

ACTION = "check_plugin_health"


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """What one plugin said, or why it can't be asked."""

    plugin: str
    health: PluginHealth | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A plugin, for whom it is asked, and its answer to come."""

    row: PluginConfig
    customer: Customer | None
    check: probe.Check


def check(operation: Operation, registry: PluginRegistry, slug: str | None) -> PluginHealth:
    """Ask one plugin; the audit log has a row for it."""
    row, config = _begin(operation, slug)
    asked = _ask(registry, operation.actor, row, config)
    return _store(operation, asked, probe.finish(asked.check), is_always_audited=True)


def check_all(
    operation: Operation, registry: PluginRegistry, slug: str | None, names: Sequence[str]
) -> tuple[CheckOutcome, ...]:
    """Ask these plugins; without names all that are enabled, or for a customer all that are effective.

    The audit log has a row for each whose status is not what it was before: to ask every few seconds fills nothing.
    """
    outcomes: dict[str, CheckOutcome] = {}
    asked: list[_Asked] = []
    for row, config, refusal in _begin_all(operation, slug, names):
        outcomes[row.name] = CheckOutcome(plugin=row.name, refusal=refusal)
        if refusal is None:
            asked.append(_ask(registry, operation.actor, row, config))
    for each in asked:
        outcomes[each.row.name] = _try_store(operation, each)
    return tuple(outcomes.values())


@audited
def _begin(operation: Operation, slug: str | None) -> tuple[PluginConfig, CustomerPluginConfig | None]:
    if slug is None:
        access.require_operator(operation.actor)
        platform, config = platform_state(), None
        row = find_plugin(platform.plugins, operation.plugin_name)
    else:
        state = _find_customer(operation, slug)
        row = find_seen_plugin(operation.actor, state, operation.plugin_name)
        platform, config = state.platform, state.config(row.name)
    operation.plugin_version = row.version or ""
    require_runnable(platform, row)
    return row, config


@audited
def _begin_all(
    operation: Operation, slug: str | None, names: Sequence[str]
) -> list[tuple[PluginConfig, CustomerPluginConfig | None, Refusal | None]]:
    access.require_operator(operation.actor)
    state = _find_customer(operation, slug) if slug is not None else None
    platform = state.platform if state is not None else platform_state()
    every = sorted(state.effective if state is not None else _enabled(platform))
    rows = [find_plugin(platform.plugins, name) for name in dict.fromkeys(names or every)]
    return [(row, state.config(row.name) if state else None, _find_refusal(platform, row)) for row in rows]


def _find_customer(operation: Operation, slug: str) -> CustomerState:
    operation.customer = access.find_customer(operation.actor, slug)
    access.require(operation.actor, Role.OPERATOR, customer=operation.customer)
    return customer_state(operation.customer)


def _enabled(platform: PlatformState) -> list[str]:
    return [name for name, row in platform.plugins.items() if row.enabled]


def _find_refusal(platform: PlatformState, row: PluginConfig) -> Refusal | None:
    try:
        require_runnable(platform, row)
    except PluginUnavailable as refusal:
        return refusal
    return None


def _ask(registry: PluginRegistry, actor: Actor, row: PluginConfig, config: CustomerPluginConfig | None) -> _Asked:
    plugin, customer = registry.get(row.name).plugin, config.customer if config is not None else None
    context = HookContext(customer=customer, actor=actor, settings=layers.opened(row, config))
    begun = probe.start(lambda: _call(plugin, context), plugin=row.name, customer=customer)
    return _Asked(row=row, customer=customer, check=begun)


def _call(plugin: PluginBase | None, context: HookContext) -> Any:
    dict(context.settings)  # A secret that does not open is an illness, also where the check reads none.
    return call_hook(plugin, "health_check", context) if plugin is not None else None


def _try_store(operation: Operation, asked: _Asked) -> CheckOutcome:
    version, name = asked.row.version or "", asked.row.name
    own = Operation(
        actor=operation.actor, action=ACTION, customer=asked.customer, plugin_name=name, plugin_version=version
    )
    try:
        return CheckOutcome(plugin=name, health=_store(own, asked, probe.finish(asked.check), is_always_audited=False))
    except Refusal as refusal:
        return CheckOutcome(plugin=name, refusal=refusal)


@audited
def _store(operation: Operation, asked: _Asked, found: probe.TimedReport, *, is_always_audited: bool) -> PluginHealth:
    former = probe.find_latest(asked.row, asked.customer)
    if is_always_audited or former is None or former.status != found.report.status:
        operation.record(after={"status": found.report.status})
    return probe.store(asked.row, asked.customer, found)
