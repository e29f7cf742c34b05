"""Sorts all tests into three tiers, marks of which pytest can choose by, and holds each test to its own.

A *unit* test needs neither a database nor another process. An *integration* test has the database, and asks webnet
within its own process. An *acceptance* test has servers, other processes, browsers, or needs PostgreSQL. `slow` marks
what `make test-fast` leaves out of the first two.

pytest-django refuses the database to a test that does not ask for it, so what asks decides between the first two.
Nothing can be asked about processes: who starts some is in a folder or file of `ACCEPTANCE` or marked by itself, and
whoever else starts one fails.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

UNIT, INTEGRATION, ACCEPTANCE_TIER = "unit", "integration", "acceptance"
# Folders and files of which every test is an acceptance test, from the repository's root.
ACCEPTANCE = (
    "tests/api/test_canary.py",
    "tests/api/test_reaching_parts.py",
    "tests/api/test_setting_aside.py",
    "tests/backup",
    "tests/benchmarks",
    "tests/browser",
    "tests/conformance",
    "tests/docs/test_examples.py",
    "tests/docs/test_testing_kit.py",
    "tests/docs/test_tutorial.py",
    "tests/events",
    "tests/examples/test_alone.py",
    "tests/examples/test_settings_forms.py",
    "tests/faults",
    "tests/packaging",
    "tests/plugins/kernel/test_loading.py",
    "tests/plugins/lifecycle",
    "tests/plugins/test_killed_batches.py",
    "tests/plugins/test_killed_settings.py",
    "tests/sdk/checking",
    "tests/sdk/testing/test_boot.py",
    "tests/sdk/testing/test_database.py",
    "tests/sdk/testing/test_options.py",
    "tests/server",
    "tests/tools",
    "tests/upgrades",
)
DATABASE_FIXTURES = frozenset({"db", "transactional_db", "live_server"})
# The interpreter's audit events (https://docs.python.org/3/library/audit_events.html) that begin a process.
PROCESS_EVENTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"})

_ROOT = Path(__file__).resolve().parents[1]


class Guard:
    """Refuses to start a process while a test runs that may not."""

    def __init__(self) -> None:
        self.refused = ""  # the test that may not; empty where anything goes
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.refused and event in PROCESS_EVENTS:
            raise RuntimeError(f"{self.refused} starts a process ({event}): enter it in tests/tiers.py as acceptance.")


GUARD = Guard()


def pytest_configure(config: pytest.Config) -> None:
    """A file that was moved would leave its tests in the wrong tier."""
    missing = [place for place in ACCEPTANCE if not (_ROOT / place).exists()]
    if missing:
        raise pytest.UsageError(f"tests/tiers.py names what is not there: {', '.join(missing)}.")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test with its tier, before pytest chooses by marks."""
    item.add_marker(find_tier(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have acceptance tests first: the longest ones, begun at the end, would be waited for."""
    items.sort(key=lambda item: item.get_closest_marker(ACCEPTANCE_TIER) is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Guard the test and the fixtures that are set up for it."""
    GUARD.refused = "" if item.get_closest_marker(ACCEPTANCE_TIER) else item.nodeid
    try:
        return (yield)
    finally:
        GUARD.refused = ""


def find_tier(item: pytest.Item) -> str:
    """The mark that the test should have."""
    place = item.path.relative_to(_ROOT).as_posix() if item.path.is_relative_to(_ROOT) else ""
    is_listed = any(place == each or place.startswith(f"{each}{os.sep}") for each in ACCEPTANCE)
    if is_listed or any(item.get_closest_marker(name) for name in (ACCEPTANCE_TIER, "browser", "postgresql")):
        return ACCEPTANCE_TIER
    has_database = item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
    return INTEGRATION if has_database else UNIT
