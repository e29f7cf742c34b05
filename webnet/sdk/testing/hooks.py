"""Hooks of pytest: they prepare the environment before Django reads it, and register the fixtures."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from webnet.sdk.testing.stash import CHANGES_TABLES, DATA_DIR
from webnet.sdk.trial.environment import find_memory, make_environment, take_on

OPTION = "webnet_plugins"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that names the plugins under test."""
    description = "webnet's plugins under test, by module, dependencies first; with it, webnet's settings are prepared."
    parser.addini(OPTION, description, type="linelist", default=[])


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Run before pytest-django, which sets Django up here, and before any conftest.py, which may import models."""
    plugins = early_config.getini(OPTION)
    if plugins:
        _require_pytest_django(early_config)
        folder = tempfile.TemporaryDirectory(prefix="webnet-tests-", dir=find_memory())
        early_config.stash[DATA_DIR] = folder
        early_config.add_cleanup(folder.cleanup)
        take_on(make_environment(plugins=plugins, data_dir=Path(folder.name), database_url=_find_database()))
    try:
        return (yield)
    finally:  # also if a conftest.py imports models of a plugin that could not be loaded
        _require_loaded()


def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures: after those of pytest-django, some of which they replace."""
    _require_pytest_django(config)
    description = "changes the database's tables or triggers, so that it is flushed as a whole afterwards"
    config.addinivalue_line("markers", f"{CHANGES_TABLES}: {description}")
    from webnet.sdk.testing import fixtures

    if not config.pluginmanager.is_registered(fixtures):
        config.pluginmanager.register(fixtures, fixtures.__name__)


def pytest_sessionfinish() -> None:
    """Unload the plugins while log messages can still be written."""
    from webnet.plugins.registry import registry

    registry.unload_all()


def _require_pytest_django(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("django"):
        raise pytest.UsageError("webnet.sdk.testing needs pytest-django: install it, and leave out '-p no:django'.")


def _require_loaded() -> None:
    """Name the plugins under test that could not be loaded: no test of theirs could say why."""
    from webnet.plugins.registry import registry

    broken = [f"'{entry.name}' is {entry.status}: {entry.reason}" for entry in registry.entries() if entry.reason]
    if broken:
        raise pytest.UsageError(f"A plugin under test can't be used: {' '.join(broken)}")


def _find_database() -> str:
    """The PostgreSQL server that TEST_DATABASE_URL names, if TEST_DATABASE asks for it; else SQLite."""
    return os.environ.get("TEST_DATABASE_URL", "") if os.environ.get("TEST_DATABASE") == "postgresql" else ""
