"""The plugins of a story: those that `make run` loads, and those that the document writes as it goes."""

from __future__ import annotations

import pytest

import webnet
from tests.docs.documents import ROOT
from webnet.plugins.base import PluginBase
from webnet.plugins.gate import effective
from webnet.plugins.registry import Entry, PluginRegistry, registry
from webnet.server.environment import name_plugins


class StoryPlugins:
    """Puts plugins into the one registry until the test ends, as a restart with another WEBNET_PLUGINS would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        by_default = name_plugins(None, home=ROOT)
        self._monkeypatch = monkeypatch
        self._replace({name: registry._entries[name] for name in by_default})

    def install(self, plugin: PluginBase) -> None:
        """Load the plugin in place of one with the same name. Raises what is wrong with it."""
        entry = PluginRegistry().register(plugin, host_version=webnet.__version__)
        self._replace(registry._entries | {entry.module: entry})
        effective.platforms.clear()
        effective.customers.clear()

    def _replace(self, entries: dict[str, Entry]) -> None:
        self._monkeypatch.setattr(registry, "_entries", entries)
