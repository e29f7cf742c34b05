"""The benchmark of event streams: that it runs with a few subscriptions."""

from __future__ import annotations

import re

from tests.benchmarks.running import run_benchmark
from tests.databases import one_database_is_enough

pytestmark = one_database_is_enough


def test_it_runs_with_few_subscriptions():
    done = run_benchmark("event_streams", "--subscriptions", "6", "--events", "2")

    assert re.search(r"an event reached all 6 after [\d.]+, [\d.]+ s", done.stdout)
    assert re.search(r"memory per subscription: -?\d+ KiB", done.stdout)
    assert re.search(r"processor time of the server for one event: [\d.]+ s", done.stdout)
