"""The benchmark of the audit log's verification: that it runs, and that it would say so if a promise were broken."""

from __future__ import annotations

import pytest

from benchmarks import audit_verification
from tests.benchmarks.running import run_benchmark

GOOD = {"seconds": 10.0, "faults": 0, "tenth": 5.0, "all": 5.5}


def test_it_runs_on_a_small_log():
    done = run_benchmark("audit_verification", "--rows", "50")

    assert "50 rows verified in " in done.stdout and ", 0 faults" in done.stdout
    assert "memory at the peak: " in done.stdout


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, True), ({"seconds": 30.0}, False), ({"faults": 1}, False), ({"all": 6.1}, False)],
)
def test_a_broken_promise_is_not_good(changed, expected):
    assert audit_verification.judge(100_000, GOOD | changed) is expected
