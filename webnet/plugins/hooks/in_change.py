"""Calls a plugin's hooks inside a change, and turns what they raise into a refusal."""

from __future__ import annotations

from django.db import OperationalError
from django.db.models import Q

from webnet.audit.operation import Operation, is_transient
from webnet.plugins.base import HookContext, call_hook, overrides
from webnet.plugins.hooks import after_commit
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.runtime.change_calls import calling_in_change, report
from webnet.plugins.settings import layers


def run_hook(operation: Operation, hook: str, row: PluginConfig | CustomerPluginConfig) -> None:
    """Call `on_…` now, within the change's savepoint, and let `after_…` be called once the change is committed.

    `row` is the plugin's own for everybody, or a customer's. Raises HookFailed with the plugin's name; a plugin that
    is not loaded in this process has no hooks to call.
    """
    config = row if isinstance(row, CustomerPluginConfig) else None
    plugin_row, customer = (row, None) if isinstance(row, PluginConfig) else (row.plugin, row.customer)
    entry = registry.find(plugin_row.name)
    if entry is None or entry.plugin is None or entry.status != "loaded":
        return
    context = HookContext(customer=customer, actor=operation.actor, settings=layers.opened(plugin_row, config))
    try:
        if overrides(entry.plugin, f"on_{hook}"):
            with calling_in_change(plugin_row.name, f"on_{hook}", customer):
                call_hook(entry.plugin, f"on_{hook}", context)
            _require(row)
    except Exception as error:
        # A deadlock is not the hook's fault: the whole change is retried.
        if isinstance(error, OperationalError) and is_transient(error):
            raise
        raise report(plugin_row.name, f"on_{hook}", customer, error) from error
    if overrides(entry.plugin, f"after_{hook}"):
        after_commit.enqueue(operation, f"after_{hook}", plugin_row, customer)


def has_hook(plugin: str, hook: str) -> bool:
    """Whether `run_hook` would call `on_…` or `after_…` of the plugin."""
    entry = registry.find(plugin)
    if entry is None or entry.plugin is None or entry.status != "loaded":
        return False
    return overrides(entry.plugin, f"on_{hook}") or overrides(entry.plugin, f"after_{hook}")


def _require(row: PluginConfig | CustomerPluginConfig) -> None:
    """The rest of the change, and its audit row, say that the row is as it was written before the hook."""
    as_written = Q(pk=row.pk, enabled=row.enabled, availability=row.availability)
    if not type(row).objects.filter(as_written).exists():
        raise ConfigChanged


class ConfigChanged(Exception):
    """A hook has deleted or changed the row of its own plugin whose change it was called for."""
