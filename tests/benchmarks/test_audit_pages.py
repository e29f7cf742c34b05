"""The benchmark of audit pages: that it runs, and that it would say so if the promise were broken."""

from __future__ import annotations

import re

import pytest

from benchmarks import audit_pages
from tests.benchmarks.running import run_benchmark


def test_it_runs_on_a_small_log():
    done = run_benchmark("audit_pages", "--rows", "300", "--rounds", "1")

    for name in (*audit_pages.FILTERS, *audit_pages.OF_CUSTOMERS):
        assert re.search(rf"^{name} +first +[\d.]+ ms, deep +[\d.]+ ms", done.stdout, re.MULTILINE), name


@pytest.mark.parametrize(
    ("first", "deep", "expected"), [(50.0, 75.0, True), (50.0, 76.0, False), (1.0, 2.9, True), (1.0, 3.1, False)]
)
def test_a_deep_page_that_is_slower_is_not_good(first, deep, expected):
    assert audit_pages.judge("plugin", first, deep, 50) is expected
