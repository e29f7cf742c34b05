"""Enabling, disabling and offering a plugin for everybody; each runs inside an `Operation`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Q

from webnet.audit import operation
from webnet.audit.operation import Change, Operation
from webnet.customers import access
from webnet.customers.models import Customer
from webnet.customers.summary import CustomerSummary
from webnet.errors import DependencyRefusal
from webnet.plugins.changes.switching import find_plugin, platform_nodes, require_runnable, switch_state
from webnet.plugins.gate.effective import effective_customers, platform_state, switched_on
from webnet.plugins.gate.rules import PlatformState
from webnet.plugins.hooks import in_change as hooks
from webnet.plugins.kernel.dependencies import dependents, plan_disable, plan_enable
from webnet.plugins.models import Availability, PluginConfig


def enable(work: Operation, *, availability: Availability | None, with_dependencies: bool) -> tuple[str, ...]:
    """Switch the plugin on; returns the names of the dependencies that were switched on with it."""
    platform = _begin(work)
    row = find_plugin(platform.plugins, work.plugin_name)
    require_runnable(platform, row)
    names = plan_enable(platform_nodes(platform), row.name, with_dependencies=with_dependencies)
    if availability is not None and availability != row.availability:
        _refuse_broken_dependencies(platform, row, availability)
    switch(work, platform, names, is_on=True, availability=availability)
    return tuple(name for name in names if name != row.name)


def disable(work: Operation, *, with_dependents: bool) -> tuple[str, ...]:
    """Switch the plugin off; returns the names of the dependents that were switched off with it."""
    platform = _begin(work)
    row = find_plugin(platform.plugins, work.plugin_name)
    names = _plan_off(platform, row.name, with_dependents=with_dependents)
    switch(work, platform, names, is_on=False)
    return tuple(name for name in names if name != row.name)


def set_availability(work: Operation, *, availability: Availability) -> tuple[str, ...]:
    """Change what every customer without an availability of its own may do; no hook runs for that."""
    platform = _begin(work)
    row = find_plugin(platform.plugins, work.plugin_name)
    if availability != row.availability:
        _refuse_broken_dependencies(platform, row, availability)
        switch(work, platform, (), is_on=row.enabled, availability=availability)
    return ()


def switch(
    work: Operation,
    platform: PlatformState,
    names: Iterable[str],
    *,
    is_on: bool,
    availability: Availability | None = None,
) -> None:
    """Write what changes, call the hooks of what is switched, and note an audit row for each plugin."""
    own = platform.plugins[work.plugin_name]
    switched = [platform.plugins[name] for name in names if platform.plugins[name].enabled != is_on]
    rows = switched if own in switched else [*switched, own]
    for row in rows:
        before = switch_state(row)
        row.enabled = is_on
        if row is own and availability is not None:
            row.availability = availability
        if switch_state(row) == before:
            continue
        row.save(update_fields=["enabled", "availability", "updated_at"])
        if row in switched:
            hooks.run(work, "enable" if is_on else "disable", row, None, None)
        _note(work, row, before)
    if work.changed:
        operation.renew_platform()


def _begin(work: Operation) -> PlatformState:
    access.require_operator(work.actor)
    operation.lock_platform()
    platform = platform_state()
    if work.plugin_name in platform.plugins:
        work.plugin_version = platform.plugins[work.plugin_name].version or ""
    return platform


def _note(work: Operation, row: PluginConfig, before: object) -> None:
    work.changed = True
    if row.name == work.plugin_name:
        work.before, work.after = before, switch_state(row)
    else:
        work.also.append(Change(row.name, row.version or "", before=before, after=switch_state(row)))


def _plan_off(platform: PlatformState, name: str, *, with_dependents: bool) -> tuple[str, ...]:
    try:
        return plan_disable(platform_nodes(platform), name, with_dependents=with_dependents)
    except DependencyRefusal as refusal:
        users = (Q(pk__in=effective_customers(each, platform).values("pk")) for each in refusal.plugins)
        raise _refuse(refusal.message, refusal.plugins, reduce(or_, users), code=refusal.code) from None


def _refuse_broken_dependencies(platform: PlatformState, row: PluginConfig, availability: Availability) -> None:
    """Refuse an availability that would leave some customer with a plugin on and one that it needs off."""
    before, after = switched_on(row, row.availability), switched_on(row, availability)
    nodes = platform_nodes(platform)
    needing = [platform.plugins[name] for name in dependents(nodes, row.name) if platform.plugins[name].enabled]
    blocking = _find_broken({other.name: before & ~after & _on(other) for other in needing})
    if blocking:
        message = f"'{row.name}' is needed by {_quoted(blocking)}, which some customers have switched on."
        raise _refuse(message, tuple(blocking), reduce(or_, blocking.values()), code="DEPENDENTS_ENABLED")
    needed = [platform.plugins[d.name] for d in nodes[row.name].dependencies if d.name in platform.plugins]
    off = _find_broken({other.name: after & ~before & ~_on(other) for other in needed})
    if off:
        message = f"'{row.name}' needs {_quoted(off)}, which is not on for every customer that would get it."
        raise _refuse(message, tuple(off), reduce(or_, off.values()))


def _find_broken(conditions: dict[str, Q]) -> dict[str, Q]:
    return {name: broken for name, broken in conditions.items() if Customer.objects.filter(broken).exists()}


def _refuse(message: str, plugins: tuple[str, ...], condition: Q, *, code: str | None = None) -> DependencyRefusal:
    """The refusal, with the customers for whom the condition holds."""
    found = CustomerSummary.of_queryset(Customer.objects.filter(condition))
    words = f"{message} It concerns {found.describe()}."
    return DependencyRefusal(words, code=code, plugins=plugins, customers=found.slugs, customer_count=found.count)


def _on(row: PluginConfig) -> Q:
    return switched_on(row, row.availability)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
