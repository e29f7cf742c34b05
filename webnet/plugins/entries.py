"""One plugin of this process, and the two steps that load it: open its class, then read and start it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal

from webnet.containment import LoadFailure, attempt
from webnet.errors import PluginDefinitionError
from webnet.plugins.base import PluginBase, call_hook
from webnet.plugins.kernel.compatibility import check_host
from webnet.plugins.kernel.identity import Identity, read_identity
from webnet.plugins.kernel.manifest import Manifest, read_manifest

Status = Literal["loaded", "failed", "incompatible", "unloaded"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One plugin of this process; `reason` says why it is not loaded, and is empty while it is.

    `identity` is known once the class could be read, also of an incompatible plugin, and `manifest` once all that it
    declares was read. Until the class was read, `name` is made from the module.
    """

    module: str
    name: str
    status: Status = "unloaded"
    reason: str = ""
    traceback: str = field(default="", repr=False)
    plugin: PluginBase | None = field(default=None, repr=False)
    identity: Identity | None = field(default=None, repr=False)
    manifest: Manifest | None = field(default=None, repr=False)

    def fail(self, failure: LoadFailure) -> Entry:
        """The same plugin, failed for that reason."""
        return replace(self, status="failed", reason=failure.reason, traceback=failure.traceback)


def open_entry(entry: Entry, *, host_version: str) -> Entry:
    """Imports the plugin's class and reads who it is; unloaded still, unless it failed or does not fit this host."""
    opened = attempt(lambda: _find_plugin(entry.module), doing=f"Loading '{entry.module}'")
    if isinstance(opened, LoadFailure):
        return entry.fail(opened)
    identity = attempt(lambda: read_identity(opened), doing=f"Reading '{entry.module}'")
    if isinstance(identity, LoadFailure):
        return entry.fail(identity)
    entry = replace(entry, name=identity.name, plugin=opened, identity=identity)
    misfit = check_host(identity.webnet_version, host_version)
    return replace(entry, status="incompatible", reason=misfit) if misfit else entry


def start_entry(entry: Entry) -> Entry:
    """Reads all that an opened plugin declares and calls its on_load; it is loaded then, or has failed."""
    plugin = entry.plugin
    if plugin is None:
        return entry
    manifest = attempt(lambda: read_manifest(plugin), doing=f"Reading '{entry.module}'")
    if isinstance(manifest, LoadFailure):
        return entry.fail(manifest)
    entry = replace(entry, manifest=manifest, identity=manifest)
    answer: Any = attempt(lambda: call_hook(plugin, "on_load"), doing=f"on_load() of '{entry.name}'")
    return entry.fail(answer) if isinstance(answer, LoadFailure) else replace(entry, status="loaded", reason="")


def _find_plugin(module: str) -> PluginBase:
    """An instance of `<module>.plugin.Plugin`; raises PluginDefinitionError where there is no such class."""
    name = f"{module}.plugin"
    try:
        found = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        words = f"'{module}' has no plugin.py: write one with 'class Plugin(PluginBase)'."
        raise PluginDefinitionError(words) from error
    plugin = getattr(found, "Plugin", None)
    if not isinstance(plugin, type) or not issubclass(plugin, PluginBase) or plugin is PluginBase:
        raise PluginDefinitionError(f"'{name}' has no plugin: write 'class Plugin(PluginBase)' in it.")
    return plugin()
