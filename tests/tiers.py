"""Sorts all tests into three tiers, marks of which pytest can choose by, and holds each test to its own.

A *unit* test needs neither a database nor another process. An *integration* test has the database, and asks webnet
within its own process. An *acceptance* test has servers, other processes, browsers, or needs PostgreSQL. `slow` marks
what `make test-fast` leaves out of the first two.

pytest-django refuses the database to a test that does not ask for it, so what asks decides between the first two.
Nothing can be asked about processes: who starts some is in a folder or file of `ACCEPTANCE` or marked by itself, and
whoever else starts one fails.

What has no database is the same on each: unit tests, and acceptance tests that start processes `with_files_of_its_own`
(tests/databases.py); one of them that asks for the database fails. `--second-database` leaves them out, and those for
which `one_database_is_enough`, and says how many.

`--latest-start` is for machines that may be too slow for all of them: acceptance tests that have not begun by then are
skipped, and on a second database all tests; the summary says how many of which files. The longest ones begin first.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from time import time
from typing import Any

import pytest
from django.utils import translation

from tests.databases import DATABASE_EVENT, one_database_is_enough, with_files_of_its_own

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
    "tests/docs/test_installation.py",
    "tests/docs/test_paths.py",
    "tests/docs/test_site.py",
    "tests/docs/test_testing_kit.py",
    "tests/docs/test_tutorial.py",
    "tests/events",
    "tests/examples/test_alone.py",
    "tests/examples/test_frontend_client.py",
    "tests/examples/test_python_client.py",
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
# Of these, those that take longest: waited for at the end, if they began there.
LONGEST = (
    "tests/plugins/lifecycle/test_zoo.py",
    "tests/docs/test_tutorial.py",
    "tests/docs/test_paths.py",
    "tests/benchmarks",
    "tests/server/test_rolling_restart.py",
    "tests/server/test_stuck_workers.py",
    "tests/server/test_serve.py",
)
DATABASE_FIXTURES = frozenset({"db", "transactional_db", "live_server"})
# The interpreter's audit events (https://docs.python.org/3/library/audit_events.html) that begin a process.
PROCESS_EVENTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"})
LEFT_OUT = pytest.StashKey[int]()
TOO_SLOW = "This machine is too slow for all tests in the time that there is."

_ROOT = Path(__file__).resolve().parents[1]


class Guard:
    """Refuses to start a process, or to make a database, while a test runs that may not."""

    def __init__(self) -> None:
        # The test that may not; empty where anything goes.
        self.without_processes = self.without_database = ""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (test := self.without_processes) and event in PROCESS_EVENTS:
            raise RuntimeError(f"{test} starts a process ({event}): enter it in tests/tiers.py as acceptance.")
        if (test := self.without_database) and event == DATABASE_EVENT:
            raise RuntimeError(f"{test} is said to have files of its own: take `with_files_of_its_own` from it.")


GUARD = Guard()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of the second run of `make test`."""
    explained = "leave out the tests that have no database, since all have run on another one"
    parser.addoption("--second-database", action="store_true", help=explained)
    explained = "skip acceptance tests that begin later, in seconds since 1970; with --second-database all tests"
    parser.addoption("--latest-start", type=float, metavar="SECONDS", help=explained)


def pytest_configure(config: pytest.Config) -> None:
    """A file that was moved would leave its tests in the wrong tier."""
    missing = [place for place in (*ACCEPTANCE, *LONGEST) if not (_ROOT / place).exists()]
    if missing:
        raise pytest.UsageError(f"tests/tiers.py names what is not there: {', '.join(missing)}.")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test with its tier, before pytest chooses by marks."""
    item.add_marker(find_tier(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have acceptance tests first: the longest ones, begun at the end, would be waited for."""
    items.sort(key=_place_in_line)
    if config.getoption("--second-database"):
        same = [item for item in items if is_shown_by_the_first_database(item)]
        items[:] = [item for item in items if not is_shown_by_the_first_database(item)]
        config.hook.pytest_deselected(items=same)
        config.stash[LEFT_OUT] = len(same)


def _place_in_line(item: pytest.Item) -> int:
    if item.get_closest_marker("postgresql"):
        return 0  # no other run has them
    if item.get_closest_marker(ACCEPTANCE_TIER):
        return 1 if _is_among(LONGEST, item) else 2
    return 3


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports, where this is one of several that test; that nothing is left is no failure."""
    left_out = session.config.stash.get(LEFT_OUT, 0)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = left_out
    if left_out and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear it from those that did not crash; all have left out the same."""
    if heard := getattr(node, "workeroutput", {}).get("left_out", 0):
        node.config.stash[LEFT_OUT] = heard


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Nobody may take these for tested here."""
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.section("left out")
        terminalreporter.line(f"{count} tests that show the same on each database: --second-database.")
    skipped = terminalreporter.stats.get("skipped", ())
    if late := Counter(each.nodeid.split("::")[0] for each in skipped if TOO_SLOW in str(each.longrepr)):
        terminalreporter.section(f"NOT TESTED: {late.total()} tests")
        terminalreporter.line(TOO_SLOW)
        for place, count in sorted(late.items()):
            terminalreporter.line(f"{count:5}  {place}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin nothing that can be left out where the time is up."""
    latest = item.config.getoption("--latest-start")
    if latest is None or time() <= latest:
        return
    if item.get_closest_marker(ACCEPTANCE_TIER) or item.config.getoption("--second-database"):
        pytest.skip(TOO_SLOW)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Guard the test and the fixtures that are set up for it; and have the next one begin in the usual language.

    As with Django's own middleware, a request leaves its language to the thread that answered it, here the test's.
    """
    GUARD.without_processes = "" if item.get_closest_marker(ACCEPTANCE_TIER) else item.nodeid
    GUARD.without_database = item.nodeid if is_same_on_each_database(item) else ""
    try:
        return (yield)
    finally:
        GUARD.without_processes = GUARD.without_database = ""
        translation.deactivate()


def find_tier(item: pytest.Item) -> str:
    """The mark that the test should have."""
    if _is_among(ACCEPTANCE, item) or any(
        item.get_closest_marker(name) for name in (ACCEPTANCE_TIER, "browser", "postgresql")
    ):
        return ACCEPTANCE_TIER
    return INTEGRATION if has_database(item) else UNIT


def _is_among(places: tuple[str, ...], item: pytest.Item) -> bool:
    place = item.path.relative_to(_ROOT).as_posix() if item.path.is_relative_to(_ROOT) else ""
    return any(place == each or place.startswith(f"{each}{os.sep}") for each in places)


def has_database(item: pytest.Item) -> bool:
    """Whether pytest-django gives it the one that is tested."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES & fixtures)


def is_same_on_each_database(item: pytest.Item) -> bool:
    """Whether it can't come to know which database is tested."""
    has_none = item.get_closest_marker(UNIT) or item.get_closest_marker(with_files_of_its_own.name)
    return bool(has_none) and not has_database(item)


def is_shown_by_the_first_database(item: pytest.Item) -> bool:
    """Whether a second one would add nothing."""
    return is_same_on_each_database(item) or bool(item.get_closest_marker(one_database_is_enough.name))
