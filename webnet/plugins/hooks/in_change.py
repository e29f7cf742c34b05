"""Calls a plugin's hooks inside a change, and turns what they raise into a refusal."""

from __future__ import annotations

from django.db import OperationalError

from webnet.audit.operation import Operation, is_transient
from webnet.customers.models import Customer
from webnet.errors import HookFailed, SecretUnreadable
from webnet.plugins.base import HookContext, call_hook, overrides
from webnet.plugins.hooks import after_commit
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.calls import calling
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
        with calling(plugin_row.name, f"on_{hook}", customer.pk if customer is not None else None):
            call_hook(entry.plugin, f"on_{hook}", context)
    except Exception as error:
        # A deadlock is not the hook's fault: the whole change is retried.
        if isinstance(error, OperationalError) and is_transient(error):
            raise
        raise _failed(plugin_row.name, customer, f"on_{hook}", error) from error
    if overrides(entry.plugin, f"after_{hook}"):
        after_commit.enqueue(operation, f"after_{hook}", plugin_row, customer)


def _failed(plugin: str, customer: Customer | None, hook: str, error: BaseException) -> HookFailed:
    why = error.message if isinstance(error, SecretUnreadable) else failures.describe_hook_error(hook, error)
    failures.report_hook(plugin, customer=customer, hook=hook, why=why, error=error)
    return HookFailed(f"'{plugin}' refused: {why}", plugin_name=plugin)
