"""The benchmark of the black box: that it runs."""

from __future__ import annotations

import re

from tests.benchmarks.running import run_benchmark
from tests.databases import one_database_is_enough

pytestmark = one_database_is_enough


def test_it_says_what_a_black_box_adds_to_a_call():
    done = run_benchmark("black_box")

    assert re.search(r"a call takes \d+ ns, with a black box \d+ ns: [\d.]+ times", done.stdout)
