"""The environment variables of a webnet for tests, without those of the caller's own webnet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

SETTINGS = "webnet.settings_for_tests"
# The caller's variables of these names are not inherited, nor are those that begin with WEBNET_ or OTEL_.
OVERRIDDEN = frozenset({"DATABASE_URL", "REDIS_URL", "HOST", "PORT", "SCRIPT_NAME", "PYTEST_ADDOPTS"})
SECRET_KEY = "for-tests-only"  # noqa: S105 - it protects nothing


def make_environment(
    *, plugins: Iterable[str], data_dir: Path, database_url: str = "", path: Iterable[Path] = ()
) -> dict[str, str]:
    """The variables of a webnet with only these plugins; `path` are more folders with modules.

    Without a `database_url`, the database is a SQLite file in `data_dir`.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WEBNET_", "OTEL_")) and name not in OVERRIDDEN
    }
    own = {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        # So that child processes can import what this one can.
        "PYTHONPATH": os.pathsep.join([*map(str, path), *(each for each in sys.path if each)]),
        # What webnet does by itself would add rows that tests don't expect.
        "WEBNET_AUDIT_CHECKPOINTS": "0",
        # Users of all tests have the same ids, and would share what one may spend.
        "WEBNET_ADDRESS_POINTS_PER_MINUTE": "0",
        "WEBNET_DATA_DIR": str(data_dir),
        "WEBNET_DEBUG": "1",
        "WEBNET_HEALTH_SECONDS": "0",
        "WEBNET_PLUGINS": ",".join(plugins),
        "WEBNET_SECRET_KEY": SECRET_KEY,
        "WEBNET_TOKEN_POINTS_PER_MINUTE": "0",
        "WEBNET_USER_POINTS_PER_MINUTE": "0",
    }
    return {**inherited, **own, **({"DATABASE_URL": database_url} if database_url else {})}


def take_on(environment: dict[str, str]) -> None:
    """Replace this process's environment, before Django reads it."""
    os.environ.clear()
    os.environ.update(environment)


def find_memory() -> Path | None:
    """A folder in memory, if there is one: commits wait for the disk, and tests make thousands of them."""
    memory = Path("/dev/shm")  # noqa: S108 - exists on Linux; callers create folders with random names in it
    return memory if os.access(memory, os.W_OK) else None
