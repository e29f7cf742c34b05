"""Prepares the environment before Django reads it, for `tests/` and for the examples' own tests alike."""

import os
import sys
import tempfile
from pathlib import Path

import django
import pytest

# In memory where there is such a place: every commit is synced to the disk, and thousands are made.
_memory = Path("/dev/shm")  # noqa: S108 - Linux's own; the folder within has a name of its own
_data_dir = tempfile.TemporaryDirectory(prefix="webnet-tests-", dir=_memory if os.access(_memory, os.W_OK) else None)


def _prepare_environment() -> None:
    """Nothing of the caller's own webnet may reach the tests, whose database TEST_DATABASE chooses."""
    for name in [name for name in os.environ if name.startswith("WEBNET_")]:
        del os.environ[name]
    for name in ("DATABASE_URL", "REDIS_URL", "HOST", "PORT"):
        os.environ.pop(name, None)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="webnet.settings",
        WEBNET_DEBUG="1",
        WEBNET_SECRET_KEY="for-tests-only",
        WEBNET_DATA_DIR=_data_dir.name,
        WEBNET_PLUGINS="hello_world,device_inventory,site_map,reachability,shelf,labels",
    )
    sys.path.append(str(Path(__file__).parent / "tests" / "sample_plugins"))
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # for child processes
    if os.environ.get("TEST_DATABASE") == "postgresql":
        os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]


_prepare_environment()
django.setup()  # now, since conftest files further down import models


def pytest_configure(config: pytest.Config) -> None:
    """Each worker of pytest-xdist prepares its own environment, which pytest-django would read before that."""
    if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite's test database is a file: threads could not share one in memory."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(Path(_data_dir.name) / "tests.sqlite3")
    else:
        # A test's rows need not outlive a power cut.
        connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"
