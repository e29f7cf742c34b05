"""The registry of plugins: every plugin of this process, loaded or failed with a reason; frozen after start-up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib import import_module
from typing import Any, Literal

from webnet.containment import PLUGIN_TRACEBACK, LoadFailure, attempt
from webnet.errors import NotFound, PluginDefinitionError, WebnetError
from webnet.plugin_calls import PluginCall
from webnet.plugins.base import PluginBase, call_hook, overrides
from webnet.plugins.kernel.dependencies import PluginNode, check_host, describe_cycle, load_order
from webnet.plugins.kernel.identity import PluginIdentity, read_identity
from webnet.plugins.kernel.manifest import Manifest, read_manifest
from webnet.plugins.kernel.parsing import MAXIMUM_NAME_LENGTH
from webnet.sentences import sentence

__all__ = ["Entry", "LoadFailure", "PluginRegistry", "registry"]

logger = logging.getLogger(__name__)


Status = Literal["loaded", "failed", "incompatible", "unloaded"]
# What surrounds the code that a plugin runs while it is loaded; it takes the plugin's module.
Watching = Callable[[str], AbstractContextManager[None]]


@contextmanager
def unwatched(_module: str) -> Iterator[None]:
    """Nothing surrounds it."""
    yield


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One plugin of this process; `reason` is why it is not loaded, and empty if it is.

    `identity` is set once the class was read, even if the plugin is incompatible; `manifest` once all declarations were
    read. Until the class was read, `name` is derived from the module.
    """

    module: str
    name: str
    status: Status = "unloaded"
    reason: str = ""
    traceback: str = field(default="", repr=False)
    plugin: PluginBase | None = field(default=None, repr=False)
    identity: PluginIdentity | None = field(default=None, repr=False)
    manifest: Manifest | None = field(default=None, repr=False)

    def fail(self, failure: LoadFailure) -> Entry:
        """A copy with the status "failed" and this reason."""
        return replace(self, status="failed", reason=failure.reason, traceback=failure.traceback)


def open_entry(entry: Entry, *, host_version: str, watching: Watching = unwatched) -> Entry:
    """Import the plugin's class and read its metadata; the entry stays unloaded unless it failed or is incompatible."""
    opened = attempt(
        lambda: _find_plugin(entry.module, watching), doing=sentence("Loading '{module}'", module=entry.module)
    )
    if isinstance(opened, LoadFailure):
        return entry.fail(opened)
    reading = sentence("Reading '{module}'", module=entry.module)
    identity = attempt(lambda: read_identity(opened), doing=reading)
    if isinstance(identity, LoadFailure):
        return entry.fail(identity)
    entry = replace(entry, name=identity.name, plugin=opened, identity=identity)
    misfit = check_host(identity.webnet_version, host_version)
    return replace(entry, status="incompatible", reason=misfit) if misfit else entry


def start_entry(entry: Entry, *, watching: Watching = unwatched) -> Entry:
    """Read all declarations of an opened plugin and call its on_load; the plugin is loaded then, or has failed."""
    plugin = entry.plugin
    if plugin is None:
        return entry
    reading = sentence("Reading '{module}'", module=entry.module)
    manifest = attempt(lambda: _read(plugin, entry.module, watching), doing=reading)
    if isinstance(manifest, LoadFailure):
        return entry.fail(manifest)
    entry = replace(entry, manifest=manifest, identity=manifest)
    loading = sentence("{hook}() of '{plugin}'", hook="on_load", plugin=entry.name)
    answer: Any = attempt(lambda: _call_on_load(plugin, entry.module, watching), doing=loading)
    return entry.fail(answer) if isinstance(answer, LoadFailure) else replace(entry, status="loaded", reason="")


def _read(plugin: PluginBase, module: str, watching: Watching) -> Manifest:
    with watching(module):
        return read_manifest(plugin)


def _call_on_load(plugin: PluginBase, module: str, watching: Watching) -> None:
    if overrides(plugin, "on_load"):
        with watching(module):
            _call(plugin, "on_load")


def _find_plugin(module: str, watching: Watching) -> PluginBase:
    """An instance of `<module>.plugin.Plugin`; raises PluginDefinitionError if there is no such class."""
    with watching(module):
        return _import_plugin(module)


def _import_plugin(module: str) -> PluginBase:
    name = f"{module}.plugin"
    try:
        found = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        message = sentence("'{module}' has no plugin.py: add one with 'class Plugin(PluginBase)'.", module=module)
        raise PluginDefinitionError(message) from error
    plugin = getattr(found, "Plugin", None)
    if not isinstance(plugin, type) or not issubclass(plugin, PluginBase) or plugin is PluginBase:
        message = sentence("'{module}' has no plugin: add 'class Plugin(PluginBase)' to it.", module=name)
        raise PluginDefinitionError(message)
    return plugin()


class PluginRegistry:
    """The plugins of one process, with unique names; the host uses `registry`, and tests create their own."""

    def __init__(self) -> None:
        # By module. Replaced and never changed, so that whoever looks one up meanwhile sees the one or the other.
        self._entries: dict[str, Entry] = {}
        # The entries that were looked up last, and the same by name: requests look for each plugin that they show.
        self._named: tuple[dict[str, Entry], dict[str, Entry]] = {}, {}
        self._is_frozen = False
        self._is_ending = False

    def load(
        self,
        module_names: Iterable[str],
        *,
        host_version: str,
        failures: Mapping[str, LoadFailure] | None = None,
        watching: Watching = unwatched,
    ) -> None:
        """Load the plugin of each module, dependencies first; if one fails, the others are still loaded.

        `failures` are known already, by module. A plugin whose dependency failed or is missing is loaded nevertheless:
        the gate keeps it disabled until the dependency is back. Plugins in a dependency cycle fail. Each time that code
        of a plugin runs, it does so in `watching`.
        """
        self._refuse_when_frozen()
        failures = failures or {}
        fresh = [module for module in dict.fromkeys(module_names) if module not in self._entries]
        for module in fresh:
            entry = Entry(module=module, name=self._find_free_name(module))
            opened = (
                entry.fail(failures[module])
                if module in failures
                else open_entry(entry, host_version=host_version, watching=watching)
            )
            self._put(self._refuse_clash(entry, opened))
        self._start(fresh, watching)

    def register(self, plugin: PluginBase, *, module: str = "", host_version: str | None = None) -> Entry:
        """Add one plugin, such as one that a test defines.

        Raises PluginDefinitionError, or whatever its on_load raises: unlike `load`, this records no failures.
        """
        self._refuse_when_frozen()
        manifest = read_manifest(plugin)
        taken = self.find(manifest.name)
        if taken is not None:
            raise PluginDefinitionError(_describe_clash(manifest.name, type(plugin).__module__, taken.module))
        misfit = check_host(manifest.webnet_version, host_version) if host_version is not None else None
        if misfit is not None:
            raise PluginDefinitionError(misfit)
        _call(plugin, "on_load")
        entry = Entry(module=module or manifest.name, name=manifest.name, status="loaded", plugin=plugin)
        return self._put(replace(entry, identity=manifest, manifest=manifest))

    def get(self, name: str) -> Entry:
        """The plugin of that name, whatever its status; raises NotFound."""
        entry = self.find(name)
        if entry is None:
            raise NotFound.plugin(name)
        return entry

    def find(self, name: str) -> Entry | None:
        """The plugin of that name, whatever its status."""
        entries, named = self._named
        if entries is not self._entries:
            entries = self._entries
            # Of two that share a name, since none was free, the first one has it.
            named = {entry.name: entry for entry in reversed(entries.values())}
            self._named = entries, named
        return named.get(name)

    def find_manifest(self, name: str) -> Manifest | None:
        """Everything that the plugin declares; None if it is not loaded in this process."""
        entry = self.find(name)
        return entry.manifest if entry is not None and entry.status == "loaded" else None

    def entries(self) -> tuple[Entry, ...]:
        """All entries; the loaded ones are in the order in which they were loaded."""
        return tuple(self._entries.values())

    def loaded(self) -> tuple[Entry, ...]:
        """The loaded ones, dependencies first."""
        return tuple(entry for entry in self.entries() if entry.status == "loaded")

    def failed(self) -> tuple[Entry, ...]:
        """The failed ones; a plugin that requires another version of webnet is incompatible instead."""
        return tuple(entry for entry in self.entries() if entry.status == "failed")

    def set_aside(self, name: str, failure: LoadFailure) -> None:
        """Mark a loaded plugin as failed, such as one whose GraphQL types don't build; allowed after the freeze."""
        self._put(self.get(name).fail(failure))

    def unload(self, name: str) -> None:
        """Call on_unload and mark the plugin as unloaded; errors of the hook are logged. Allowed after the freeze."""
        entry = self.get(name)
        plugin = entry.plugin
        if entry.status != "loaded" or plugin is None:
            return
        self._put(replace(entry, status="unloaded", reason=sentence("It was unloaded from this process.")))
        unloading = sentence("{hook}() of '{plugin}'", hook="on_unload", plugin=name)
        answer = attempt(lambda: _call(plugin, "on_unload"), doing=unloading)
        if isinstance(answer, LoadFailure):
            logger.error("Plugin '%s': %s", name, answer.reason, extra={PLUGIN_TRACEBACK: answer.traceback})

    def unload_all(self) -> None:
        """Unload all plugins at the end of the process, dependents first; only the first call has an effect."""
        if self._is_ending:
            return
        self._is_ending = True
        for entry in reversed(self.loaded()):
            self.unload(entry.name)

    def freeze(self) -> None:
        """Refuse further plugins: they are only loaded at the start of a process."""
        self._is_frozen = True

    def _refuse_when_frozen(self) -> None:
        if self._is_frozen:
            raise WebnetError("The registry is frozen after start-up: restart the process to load other plugins.")

    def _find_free_name(self, module: str) -> str:
        """A name for a plugin whose class was not read yet; it must be unique, since it is the key of a row."""
        short, full = module.rpartition(".")[2], module.replace(".", "_")
        taken = {entry.name for entry in self.entries()}
        names = [_shorten(name) for name in (short, full, module)]
        return next((name for name in names if name not in taken), names[-1])

    def _refuse_clash(self, unnamed: Entry, opened: Entry) -> Entry:
        taken = self.find(opened.name)
        if taken is None:
            return opened
        if taken.identity is None:  # Its name is only derived from its module: a declared name takes precedence.
            self._put(replace(taken, name=_shorten(taken.module.replace(".", "_") + "_module")))
            return opened
        return unnamed.fail(LoadFailure(reason=_describe_clash(opened.name, opened.module, taken.module)))

    def _start(self, modules: Iterable[str], watching: Watching) -> None:
        """Start the opened plugins, dependencies first; those in a dependency cycle fail."""
        waiting = {entry.name: entry for entry in map(self._entries.__getitem__, modules) if entry.status == "unloaded"}
        order = load_order({name: _as_node(entry) for name, entry in waiting.items()})
        for name in order.names:
            entry = waiting[name]
            self._entries = {module: other for module, other in self._entries.items() if module != entry.module}
            cycle = order.cycles.get(name)
            failed = entry.fail(LoadFailure(reason=describe_cycle(cycle))) if cycle else None
            self._put(failed or start_entry(entry, watching=watching))

    def _put(self, entry: Entry) -> Entry:
        if entry.status in {"failed", "incompatible"}:
            details = {PLUGIN_TRACEBACK: entry.traceback}
            logger.error("Plugin '%s' could not be loaded. %s", entry.name, entry.reason, extra=details)
        self._entries = {**self._entries, entry.module: entry}
        return entry


def _call(plugin: PluginBase, hook: str) -> None:
    with PluginCall(plugin.name, hook):
        call_hook(plugin, hook)


def _as_node(entry: Entry) -> PluginNode:
    identity = entry.identity
    return PluginNode(
        name=entry.name,
        version=identity.version if identity else "",
        dependencies=identity.dependencies if identity else (),
    )


def _shorten(name: str) -> str:
    """Shorten a name to what its column can hold, with a digest, so that two long ones still differ."""
    if len(name) <= MAXIMUM_NAME_LENGTH:
        return name
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{name[: MAXIMUM_NAME_LENGTH - len(digest) - 1]}_{digest}"


def _describe_clash(name: str, module: str, taken_by: str) -> str:
    return sentence(
        "'{module}' and '{other}' both declare a plugin named '{plugin}': rename one of them.",
        module=module,
        other=taken_by,
        plugin=name,
    )


registry = PluginRegistry()


def find_plugin(model: Any) -> str | None:
    """The name of the plugin that the Django model belongs to; None for a model of the host."""
    app = getattr(model._meta.app_config, "name", "")
    for entry in registry.entries():
        named = entry.manifest.models or () if entry.manifest is not None else ()
        if entry.module == app or model in named:
            return entry.name
    return None
