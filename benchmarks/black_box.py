"""What the black box adds to each call of a plugin's code: nanoseconds, and in proportion to entering and leaving it.

    python benchmarks/black_box.py

Fails when a call with a black box takes more than 2.5 times as long as one without, a ratio that holds on slow and busy
machines, too.
"""

from __future__ import annotations

import sys
import tempfile
import timeit
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from webnet import black_box
from webnet.plugin_calls import PluginCall

CALLS = 50_000
ROUNDS = 7
MOST_RATIO = 2.5


def measure() -> tuple[float, float]:
    """Nanoseconds for one call without a black box and with one, each in its fastest round.

    They take turns, so that a slow moment of the machine meets both.
    """
    statement = 'with PluginCall("shelf", "Query.shelves", 7, 9): pass'
    timer = timeit.Timer(statement, globals={"PluginCall": PluginCall})
    box, rounds = black_box.own, []
    for _ in range(ROUNDS):
        black_box.own = None
        without = timer.timeit(CALLS)
        black_box.own = box
        rounds.append((without, timer.timeit(CALLS)))
    without, noted = map(min, zip(*rounds, strict=True))
    return without / CALLS * 1e9, noted / CALLS * 1e9


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        black_box.open_box(Path(folder))
        without, noted = measure()
    ratio = noted / without
    print(f"a call takes {without:.0f} ns, with a black box {noted:.0f} ns: {ratio:.2f} times")
    print("good" if ratio <= MOST_RATIO else f"NOT GOOD: at most {MOST_RATIO} times")
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
