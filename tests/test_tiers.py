"""A test that does more than its tier may is red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters
from tests.databases import make_database, one_database_is_enough, with_files_of_its_own
from tests.tiers import find_tier, is_same_on_each_database, is_shown_by_the_first_database
from webnet.customers.models import Customer

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = "test_an_integration_test_has_the_database_and_starts_no_process"


def test_a_unit_test_gets_no_database(request: pytest.FixtureRequest) -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Customer.objects.exists()

    assert find_tier(request.node) == "unit" and request.node.get_closest_marker("unit")
    assert is_same_on_each_database(request.node)


@pytest.mark.parametrize("start", [lambda: subprocess.run([sys.executable, "-V"], check=True), os.fork])
def test_a_unit_test_starts_no_process(start) -> None:
    with pytest.raises(RuntimeError, match=r"tests/test_tiers.py::test_a_unit.* starts a process .*tests/tiers.py"):
        start()


def test_an_integration_test_has_the_database_and_starts_no_process(request: pytest.FixtureRequest, db: None) -> None:
    assert not Customer.objects.exists()

    with pytest.raises(RuntimeError, match="starts a process"):
        os.posix_spawn(sys.executable, [sys.executable, "-V"], os.environ)

    assert find_tier(request.node) == "integration"
    assert not is_same_on_each_database(request.node)


@pytest.mark.acceptance
def test_an_acceptance_test_starts_what_it_needs() -> None:
    assert subprocess.run([sys.executable, "-V"], check=True).returncode == 0


@pytest.mark.acceptance
@with_files_of_its_own
def test_what_has_files_of_its_own_makes_no_database(request: pytest.FixtureRequest) -> None:
    with pytest.raises(RuntimeError, match=r"::test_what_has.* take `with_files_of_its_own` from it"), make_database():
        pass

    assert is_same_on_each_database(request.node)


@pytest.mark.acceptance
def test_other_processes_may_have_the_database(request: pytest.FixtureRequest) -> None:
    with make_database():
        pass

    assert not is_same_on_each_database(request.node)


@with_files_of_its_own
def test_who_has_the_database_too_is_tested_on_each(request: pytest.FixtureRequest, db: None) -> None:
    assert not is_same_on_each_database(request.node)
    assert not is_shown_by_the_first_database(request.node)


@one_database_is_enough
def test_who_is_about_something_else_is_left_out_of_the_second(request: pytest.FixtureRequest, db: None) -> None:
    assert not is_same_on_each_database(request.node)
    assert is_shown_by_the_first_database(request.node)


@pytest.mark.acceptance
@with_files_of_its_own
@pytest.mark.parametrize(
    ("options", "skipped", "passed"), [([], 1, 2), (["--second-database"], 2, 0)], ids=["first", "second"]
)
def test_where_the_time_is_up_nothing_begins_that_can_be_left_out_and_the_summary_says_so(
    options: list[str], skipped: int, passed: int
) -> None:
    names = ("test_a_unit_test_gets_no_database", "test_an_acceptance_test_starts_what_it_needs", INTEGRATION)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    arguments = ["-m", "pytest", "-n", "0", "--latest-start=1", *options, *(f"{__file__}::{name}" for name in names)]

    ran = interpreters.run(arguments, environment=environment, folder=ROOT, timeout=120)

    assert f"= NOT TESTED: {skipped} tests =" in ran.stdout, ran.stdout
    assert f"    {skipped}  tests/test_tiers.py\n" in ran.stdout
    assert f"{skipped} skipped" in ran.stdout and (f"{passed} passed" in ran.stdout) == bool(passed)
