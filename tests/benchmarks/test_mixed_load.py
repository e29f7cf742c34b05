"""The mixed load: that it would say so if something were stale or memory rose, and a few seconds of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from benchmarks.customers_at_work import Customer
from benchmarks.mixed_load import find_growth
from tests.benchmarks.running import run_benchmark
from tests.databases import one_database_is_enough

pytestmark = one_database_is_enough


@pytest.mark.parametrize(
    ("shown", "stale"),
    [
        ({"is_on": True, "limit": 10, "number": 2}, []),
        ({"is_on": True, "limit": 3, "number": 3}, []),  # sent, and not answered yet
        ({"is_on": False}, ["is_on"]),
        ({"limit": 9}, ["limit"]),
        ({"number": 1}, ["number"]),
        ({"number": 4}, ["number"]),
    ],
)
def test_an_answer_may_show_what_was_answered_before_it_was_asked_for_or_is_under_way(
    shown: dict[str, Any], stale: list[str]
) -> None:
    customer = Customer("acme")
    for _ in ("off", "on", "setting"):  # the last one is not answered
        customer.next_change()

    found = customer.find_stale(2, shown=shown)

    assert found == stale


def test_memory_that_rises_is_found_however_it_began() -> None:
    assert find_growth([50, 80, 100, 100, 100, 100, 100, 100]) == 1
    assert find_growth([50, 80, 100, 100, 104, 108, 110, 110]) == 1.1


def test_some_seconds_bring_no_error_and_nothing_stale() -> None:
    done = run_benchmark("mixed_load", "--minutes", "0.05", "--customers", "2", "--streams", "4")

    found = re.search(r"(\d+) answers, (\d+) changes, (\d+) events on 4 streams", done.stdout)
    assert found, done.stdout
    answers, changes, events = map(int, found.groups())
    # Each customer has made three changes before its streams were opened, and each change reaches two streams.
    assert answers > 2 * 10 and events == 2 * (changes - 2 * 3)
    assert "times: " not in done.stdout, done.stdout
