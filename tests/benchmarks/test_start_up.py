"""The benchmark of a worker's start: that it runs, and that it would say so if the promise were broken."""

from __future__ import annotations

import re

import pytest

from benchmarks import start_up
from tests.benchmarks.running import run_benchmark
from tests.databases import with_files_of_its_own

pytestmark = with_files_of_its_own


def test_it_runs_with_few_plugins_up_to_the_first_answer():
    done = run_benchmark("start_up", "--plugins", "2", "--rounds", "1")

    for plugins in (0, 2):
        assert re.search(rf"^{plugins} plugins: start \d+\.\d\d s, first answer after \d+\.\d\d s$", done.stdout, re.M)
    assert re.search(r"\d\.\d times as long; for each plugin -?\d+ ms\n", done.stdout)


@pytest.mark.parametrize(("seconds", "expected"), [(3.0, True), (3.01, False)])
def test_a_broken_promise_is_not_good(seconds, expected):
    assert start_up.judge(seconds) is expected
