"""A test that does more than its tier may is red."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.tiers import find_tier
from webnet.customers.models import Customer


def test_a_unit_test_gets_no_database(request: pytest.FixtureRequest) -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Customer.objects.exists()

    assert find_tier(request.node) == "unit" and request.node.get_closest_marker("unit")


@pytest.mark.parametrize("start", [lambda: subprocess.run([sys.executable, "-V"], check=True), os.fork])
def test_a_unit_test_starts_no_process(start) -> None:
    with pytest.raises(RuntimeError, match=r"tests/test_tiers.py::test_a_unit.* starts a process .*tests/tiers.py"):
        start()


def test_an_integration_test_has_the_database_and_starts_no_process(request: pytest.FixtureRequest, db: None) -> None:
    assert not Customer.objects.exists()

    with pytest.raises(RuntimeError, match="starts a process"):
        os.posix_spawn(sys.executable, [sys.executable, "-V"], os.environ)

    assert find_tier(request.node) == "integration"


@pytest.mark.acceptance
def test_an_acceptance_test_starts_what_it_needs() -> None:
    assert subprocess.run([sys.executable, "-V"], check=True).returncode == 0
