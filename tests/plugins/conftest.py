"""Throw-away plugins: registered in the one registry for the length of a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.plugins.base import PluginBase
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import Entry, PluginRegistry, registry

# Machines are shared: how long an example takes, or takes to be made, says nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Call it with the plugins, or entries, that shall be the only ones of this process."""

    def register(*plugins: PluginBase | Entry) -> None:
        fresh = PluginRegistry()
        for plugin in plugins:
            if isinstance(plugin, Entry):
                fresh._put(plugin)
            else:
                fresh.register(plugin)
        monkeypatch.setattr(registry, "_entries", fresh._entries)
        effective.platforms.clear()
        effective.customers.clear()

    register()
    return register


@pytest.fixture
def install(registered: Callable[..., None]) -> Callable[..., None]:
    """Call it with plugins to register and sync; with `enabled=True` they are enabled globally, without hooks."""

    def install_plugins(*plugins: PluginBase | Entry, enabled: bool = False) -> None:
        registered(*plugins)
        manager.sync(actor=Actor.system("tests"))
        if enabled:
            PluginConfig.objects.update(enabled=True)
            renew_platform()

    return install_plugins


@pytest.fixture
def failing_entry() -> Entry:
    """A plugin that could not be imported."""
    return Entry(module="broken", name="broken", status="failed", reason="It raised ImportError.")
