"""The benchmark of workers: that it reads what wrk prints."""

from __future__ import annotations

from benchmarks import workers
from benchmarks.workers import Figures

PRINTED = """Running 3s test @ http://127.0.0.1:8000/graphql/acme/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    59.24ms   23.58ms 217.64ms   80.50%
    Req/Sec   240.33     35.94   290.00     73.33%
  Latency Distribution
     50%  500.00us
     75%   66.61ms
     90%   83.79ms
     99%    1.20s
  720 requests in 3.00s, 312.19KB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 4
Requests/sec:    239.87
Transfer/sec:    104.00KB
"""


def test_what_wrk_prints_is_read_with_its_units_and_failures() -> None:
    figures = workers.read_output(PRINTED, busy_seconds=1.44)

    assert figures == Figures(per_second=239.87, processor_ms=2.0, p50_ms=0.5, p99_ms=1200.0, failed=7)


def test_the_table_compares_runs_of_the_same_round() -> None:
    slow, fast = (Figures(each, processor_ms=1.0, p50_ms=2.0, p99_ms=3.0, failed=0) for each in (100.0, 180.0))
    found = {("q", (1, 4)): [slow, fast], ("q", (2, 4)): [fast, fast]}

    *_, last = workers.make_table(found)

    assert last.split()[:3] == ["q", "2", "4"] and last.endswith("1.40 (1.00 to 1.80)")
