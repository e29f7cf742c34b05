"""The benchmark of a worker's memory: that it runs, and draws its curve."""

from __future__ import annotations

import re

from tests.benchmarks.running import run_benchmark
from tests.databases import with_files_of_its_own

pytestmark = with_files_of_its_own


def test_it_runs_with_one_plugin():
    done = run_benchmark(
        "memory", "--plugins", "2", "--customers", "2", "--requests", "20", "--toggles", "5", "--warm-up", "5"
    )

    points = re.findall(r"(\d+) requests +(\d+) toggles +[\d.]+ MiB +[\d,]+ objects +(\d+) schemas", done.stdout)
    assert [int(requests) for requests, _, _ in points] == list(range(21))
    assert points[-1][1] == "5" and int(points[-1][2]) > 1, "a schema for each set of plugins"
    assert re.search(r"since the warm-up [+-][\d.]+ MiB, in the second half [+-][\d.]+ MiB\n", done.stdout)
