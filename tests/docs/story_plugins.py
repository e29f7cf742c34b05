"""The plugins that a document writes as it goes, registered beside those that `make run` loads."""

from __future__ import annotations

import pytest

import webnet
from webnet.plugins import state_cache
from webnet.plugins.base import PluginBase
from webnet.plugins.registry import Entry, PluginRegistry, registry


class StoryPlugins:
    """Puts plugins into the one registry until the test ends, as a restart with another WEBNET_PLUGINS would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._entries: dict[str, Entry] = dict(registry._entries)
        monkeypatch.setattr(registry, "_entries", self._entries)

    def install(self, plugin: PluginBase) -> None:
        """Load the plugin in place of one with the same name. Raises what is wrong with it."""
        entry = PluginRegistry().register(plugin, host_version=webnet.__version__)
        self._entries[entry.module] = entry
        state_cache.platforms.clear()
        state_cache.customers.clear()
