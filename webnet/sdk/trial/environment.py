"""The environment of a webnet that serves tests: nothing of the caller's own webnet reaches it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

SETTINGS = "webnet.settings_for_tests"
OWN = frozenset({"DATABASE_URL", "REDIS_URL", "HOST", "PORT", "PYTEST_ADDOPTS"})
SECRET_KEY = "for-tests-only"  # noqa: S105 - it guards nothing


def make_environment(
    *, plugins: Iterable[str], data_dir: Path, database_url: str = "", path: Iterable[Path] = ()
) -> dict[str, str]:
    """The variables of a webnet with these plugins alone, on its own database; `path` is where else modules are.

    Without a `database_url` it is a SQLite file in `data_dir`.
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("WEBNET_") and name not in OWN
    }
    own = {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        # For child processes, which find what this one finds.
        "PYTHONPATH": os.pathsep.join([*map(str, path), *(each for each in sys.path if each)]),
        "WEBNET_DATA_DIR": str(data_dir),
        "WEBNET_DEBUG": "1",
        "WEBNET_PLUGINS": ",".join(plugins),
        "WEBNET_SECRET_KEY": SECRET_KEY,
    }
    return {**inherited, **own, **({"DATABASE_URL": database_url} if database_url else {})}


def take_on(environment: dict[str, str]) -> None:
    """Make it this process's own; for before Django reads it."""
    os.environ.clear()
    os.environ.update(environment)


def find_memory() -> Path | None:
    """A folder in memory where there is one: every commit is synced to the disk, and tests make thousands."""
    memory = Path("/dev/shm")  # noqa: S108 - Linux's own; each folder within gets a name of its own
    return memory if os.access(memory, os.W_OK) else None
