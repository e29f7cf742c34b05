"""The benchmark of the console's pages: that it runs, and that it would say so if the promise were broken."""

from __future__ import annotations

import re

import pytest

from benchmarks import console_pages
from tests.benchmarks.running import run_benchmark
from tests.databases import one_database_is_enough


@one_database_is_enough
def test_it_measures_pages_of_the_platform_and_of_a_customer():
    done = run_benchmark("console_pages", "--customers", "10", "--rows", "20", "--rounds", "1")

    for address in ("/", "/customers/"):
        assert re.search(rf"^{address} +page +[\d.]+ ms, data +[\d.]+ ms", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(("page", "expected"), [(30.0, True), (30.1, False)])
def test_a_page_that_is_slower_is_not_good(page, expected):
    assert console_pages.judge("/", page, documents=6.0, frame=4.0) is expected
