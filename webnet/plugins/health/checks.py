"""Checks the health of plugins, all at the same time and outside of any transaction, and stores the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.errors import PluginUnavailable, Refusal
from webnet.plugins.base import HookContext, PluginBase, call_hook
from webnet.plugins.changes.scopes import find_plugin, find_seen_plugin, require_runnable
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.gate.rules import CustomerState
from webnet.plugins.health import probe
from webnet.plugins.hooks.child_process import call_in_process
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth
from webnet.plugins.registry import PluginRegistry
from webnet.plugins.runtime import deaths
from webnet.plugins.runtime.calls import calling
from webnet.plugins.settings import layers

ACTION = "check_plugin_health"


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """One plugin's result, or the refusal if it can't be checked."""

    plugin: str
    health: PluginHealth | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class _StartedCheck:
    """A plugin, for whom it is checked, and the running check."""

    row: PluginConfig
    customer: Customer | None
    check: probe.RunningCheck


def check(operation: Operation, registry: PluginRegistry, slug: str | None) -> PluginHealth:
    """Check one plugin; the audit log gets a row for it."""
    row, config = _begin(operation, slug)
    started = _start(registry, operation.actor, row, config)
    # Wait outside of any transaction: no lock is held while a plugin's check runs.
    return _store(operation, started, probe.finish(started.check), is_always_audited=True)


def check_all(
    operation: Operation, registry: PluginRegistry, slug: str | None, names: Sequence[str]
) -> tuple[CheckOutcome, ...]:
    """Check these plugins; without names all that are enabled, or for a customer all that are effective.

    The audit log gets a row only where the status has changed, so that frequent checks do not fill it.
    """
    outcomes: dict[str, CheckOutcome] = {}
    started: list[_StartedCheck] = []
    # Start all before waiting for any: together they take as long as the slowest.
    for row, config, refusal in _begin_all(operation, slug, names):
        outcomes[row.name] = CheckOutcome(plugin=row.name, refusal=refusal)
        if refusal is None:
            started.append(_start(registry, operation.actor, row, config))
    for each in started:
        name, version = each.row.name, each.row.version or ""
        own = Operation(
            actor=operation.actor,
            action=ACTION,
            reason=operation.reason,
            customer=each.customer,
            plugin_name=name,
            plugin_version=version,
        )
        found = probe.finish(each.check)
        try:
            outcomes[name] = CheckOutcome(plugin=name, health=_store(own, each, found, is_always_audited=False))
        except Refusal as error:  # it was uninstalled in the meantime
            outcomes[name] = CheckOutcome(plugin=name, refusal=error)
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
    enabled = {name for name, row in platform.plugins.items() if row.enabled}
    every = sorted(state.effective if state is not None else enabled)
    begun: list[tuple[PluginConfig, CustomerPluginConfig | None, Refusal | None]] = []
    for row in [find_plugin(platform.plugins, name) for name in dict.fromkeys(names or every)]:
        config, refusal = state.config(row.name) if state is not None else None, None
        try:
            require_runnable(platform, row)
        except PluginUnavailable as error:
            refusal = error
        begun.append((row, config, refusal))
    return begun


def _find_customer(operation: Operation, slug: str) -> CustomerState:
    operation.customer = access.find_customer(operation.actor, slug)
    access.require(operation.actor, Role.OPERATOR, customer=operation.customer)
    return customer_state(operation.customer)


def _start(
    registry: PluginRegistry, actor: Actor, row: PluginConfig, config: CustomerPluginConfig | None
) -> _StartedCheck:
    plugin, customer = registry.get(row.name).plugin, config.customer if config is not None else None
    context = HookContext(customer=customer, actor=actor, settings=layers.opened(row, config))
    check = probe.start(lambda: _call(plugin, context, customer), plugin=row.name, customer=customer)
    return _StartedCheck(row=row, customer=customer, check=check)


def _call(plugin: PluginBase | None, context: HookContext, customer: Customer | None) -> Any:
    dict(context.settings)  # A secret that can't be decrypted makes the plugin unhealthy, even if its check reads none.
    if plugin is None:
        return None
    if deaths.is_suspect(plugin.name):
        return call_in_process(plugin.name, "health_check", context, deadline_seconds=probe.DEADLINE_SECONDS)
    with calling(plugin.name, "health_check", customer.pk if customer is not None else None):
        return call_hook(plugin, "health_check", context)


@audited
def _store(
    operation: Operation, started: _StartedCheck, found: probe.TimedReport, *, is_always_audited: bool
) -> PluginHealth:
    former = probe.find_latest(started.row, started.customer)
    if is_always_audited or former is None or former.status != found.report.status:
        operation.record(after={"status": found.report.status})
    return probe.store(started.row, started.customer, found)
