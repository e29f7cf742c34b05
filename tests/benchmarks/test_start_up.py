"""The benchmark of a worker's start: that it runs, and that it would say so if the promise were broken."""

from __future__ import annotations

import re

import pytest

from benchmarks import start_up
from tests.benchmarks.running import run_benchmark


def test_it_runs_with_few_plugins():
    done = run_benchmark("start_up", "--plugins", "2", "--rounds", "1")

    assert re.search(r"without plugins \d+\.\d\d s, with 2 of them \d+\.\d\d s\n", done.stdout)
    assert re.search(r"\d\.\d times as long; for each plugin -?\d+ ms\n", done.stdout)


@pytest.mark.parametrize(("all_of_them", "expected"), [(9.5, True), (9.6, False)])
def test_a_broken_promise_is_not_good(all_of_them, expected):
    each = start_up.find_ms_per_plugin(2.0, all_of_them, plugins=50)

    assert start_up.judge(each) is expected
