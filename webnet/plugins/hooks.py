"""Calls a plugin's hooks inside a change, and turns what they raise into a refusal."""

from __future__ import annotations

import logging

from django.db import OperationalError

from webnet.customers.models import Customer
from webnet.errors import HookFailed, SecretUnreadable
from webnet.plugins import layers
from webnet.plugins.base import HookContext, PluginBase, call_hook
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.operation import Operation, is_transient
from webnet.plugins.registry import registry

logger = logging.getLogger(__name__)


def run(
    operation: Operation, hook: str, row: PluginConfig, customer: Customer | None, config: CustomerPluginConfig | None
) -> None:
    """Call `on_…` now, within the change's savepoint, and `after_…` once the change is committed.

    Raises HookFailed with the plugin's name; a plugin that is not loaded in this process has no hooks to call.
    """
    entry = registry.find(row.name)
    if entry is None or entry.plugin is None or entry.status != "loaded":
        return
    plugin = entry.plugin
    context = HookContext(customer=customer, actor=operation.actor, settings=layers.opened(row, config))
    try:
        call_hook(plugin, f"on_{hook}", context)
    except OperationalError as error:
        if is_transient(error):
            raise
        raise _failed(row.name, f"on_{hook}", error) from error
    except (Exception, SystemExit) as error:
        raise _failed(row.name, f"on_{hook}", error) from error
    operation.after_commit(lambda: _call_after(plugin, row.name, f"after_{hook}", context))


def _call_after(plugin: PluginBase, name: str, hook: str, context: HookContext) -> None:
    try:
        call_hook(plugin, hook, context)
    except (Exception, SystemExit):
        logger.exception("Plugin '%s': %s raised; the change itself stands.", name, hook)


def _failed(plugin: str, hook: str, error: BaseException) -> HookFailed:
    logger.warning("Plugin '%s': %s raised; nothing was changed.", plugin, hook, exc_info=error)
    # The exception's text may hold what only the plugin should know, so of others than ours only the kind is told.
    why = error.message if isinstance(error, SecretUnreadable) else f"its {hook} raised {type(error).__name__}."
    return HookFailed(f"'{plugin}' refused: {why}", plugin_name=plugin)
