"""The benchmark of derived schemas: that it runs, and that it would say so if a promise were broken."""

from __future__ import annotations

import re

import pytest

from benchmarks import derived_schemas
from tests.benchmarks.running import run_benchmark
from tests.databases import with_files_of_its_own

pytestmark = with_files_of_its_own

GOOD = {"build": 500.0, "derive": 2.0, "kib": 300.0, "first": 12.0, "next": 5.0}


def test_it_runs_with_few_plugins():
    done = run_benchmark("derived_schemas", "--plugins", "2", "--sets", "2")

    assert re.search(r"2 plugins .*\n  full build \d+ ms; a derived schema [\d.]+ ms, 0\.\d+ of it", done.stdout)
    assert re.search(r"memory of a derived schema: [1-9]\d* KiB\n", done.stdout)
    assert re.search(r"first request for a set [\d.]+ ms, the next [\d.]+ ms: -?[\d.]+ ms more\n", done.stdout)


@pytest.mark.parametrize(
    ("plugins", "changed", "expected"),
    [
        (50, {}, True),
        (50, {"first": 26.0}, False),
        (50, {"kib": 1001.0}, False),
        (50, {"derive": 51.0}, False),
        (200, {"first": 60.0, "kib": 1500.0}, True),
        (200, {"derive": 51.0}, False),
    ],
)
def test_a_broken_promise_is_not_good(plugins, changed, expected):
    assert derived_schemas.judge(plugins, GOOD | changed) is expected
