"""What a backup is made of: two customers, a plugin with a secret, and a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.factories import make_customer
from tests.plugins.conftest import install, registered
from webnet.customers.access import Actor
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager

__all__ = ["install", "registered"]

ACTOR = Actor.system("tests")


class Ledger(PluginBase):
    name = "ledger"
    version = "1.2"

    def get_settings_schema(self) -> dict[str, Any]:
        return {"properties": {"key": {"type": "string", "writeOnly": True}}}


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    """A data folder of its own, since keys are created in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings.WEBNET_DATA_DIR = folder
    return folder


@pytest.fixture
def house(install: Any) -> None:
    """The customers acme and globex, and the plugin `ledger`, which has a secret for each of them."""
    for slug in ("acme", "globex"):
        make_customer(slug)
    install(Ledger(), enabled=True)
    for slug in (None, "acme", "globex"):
        patch = {"key": f"secret of {slug}", "number": 1e20}
        manager.update_settings("ledger", actor=ACTOR, customer=slug, patch=patch)
