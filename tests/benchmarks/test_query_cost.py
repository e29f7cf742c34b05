"""The benchmark of what operations cost: that it runs, on documents as large as are accepted."""

from __future__ import annotations

import re

import pytest

from benchmarks.query_cost import make_documents
from tests.benchmarks.running import run_benchmark
from webnet.api.engine.limits import MAXIMUM_TOKENS


@pytest.mark.slow
def test_it_counts_each_of_the_largest_documents():
    done = run_benchmark("query_cost", "--rounds", "3")

    counted = re.findall(r"(?m)^(.+): (\d+) tokens, [\d.]+ ms to count, [\d.]+ ms when known$", done.stdout)
    assert {name for name, _ in counted} == set(make_documents(MAXIMUM_TOKENS))
    assert all(0.9 * MAXIMUM_TOKENS <= int(tokens) <= MAXIMUM_TOKENS for _, tokens in counted), counted
