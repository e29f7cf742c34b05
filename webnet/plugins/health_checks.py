"""Checks a plugin's health as an audited operation: who may ask, the question, and its answer."""

from __future__ import annotations

from typing import Any

from webnet.customers import access
from webnet.customers.roles import Role
from webnet.plugins import customer_changes, health, layers
from webnet.plugins.activation import customer_state, platform_state
from webnet.plugins.base import HookContext, PluginBase, call_hook
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth
from webnet.plugins.operation import Operation
from webnet.plugins.registry import PluginRegistry
from webnet.plugins.switching import find_plugin, require_runnable


def check(work: Operation, registry: PluginRegistry, *, customer: str | None) -> PluginHealth:
    """Ask with a deadline and in no transaction, for the platform or one customer, and store the answer."""
    row, config = work.run(lambda: _begin(work, customer))
    instance = registry.get(work.plugin_name).plugin
    asked = config.customer if config is not None else None
    context = HookContext(customer=asked, actor=work.actor, settings=layers.opened(row, config))
    found = health.check(lambda: _ask(instance, context), plugin=work.plugin_name)

    def store() -> PluginHealth:
        work.changed, work.after = True, {"status": found.report.status}
        return health.store(row, asked, found)

    return work.run(store)


def _begin(work: Operation, slug: str | None) -> tuple[PluginConfig, CustomerPluginConfig | None]:
    if slug is None:
        access.require_operator(work.actor)
        platform, config = platform_state(), None
        row = find_plugin(platform.plugins, work.plugin_name)
    else:
        work.customer = access.find_customer(work.actor, slug)
        access.require(work.actor, Role.OPERATOR, customer=work.customer)
        state = customer_state(work.customer)
        row = customer_changes.find_seen_plugin(work.actor, state, work.plugin_name)
        platform, config = state.platform, state.config(row.name)
    work.plugin_version = row.version or ""
    require_runnable(platform, row)
    return row, config


def _ask(plugin: PluginBase | None, context: HookContext) -> Any:
    dict(context.settings)  # A secret that does not open is an illness, also where the check reads none.
    return call_hook(plugin, "health_check", context) if plugin is not None else None
