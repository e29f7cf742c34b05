"""Bad plugins of one customer under load, for a few seconds: nobody else gets an error."""

import re

from tests.benchmarks.running import run_benchmark
from tests.databases import one_database_is_enough

pytestmark = one_database_is_enough


def test_the_other_customer_gets_no_error():
    done = run_benchmark("bad_neighbours", "--minutes", "0.1", "--rounds", "1")

    phases = re.findall(
        r"(good|bad) neighbour: (\d+) answers, .* (\d+) calls of the neighbour, (\d+) faults", done.stdout
    )
    assert [phase[0] for phase in phases] == ["bad", "good"], done.stdout
    assert all(int(answers) and int(calls) for _, answers, calls, _ in phases)
    assert [phase[3] for phase in phases] == ["0", "0"], done.stdout
