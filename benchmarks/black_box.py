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


def measure() -> float:
    """Nanoseconds for one call, in the fastest round, which other processes have disturbed least."""
    statement = 'with PluginCall("shelf", "Query.shelves", 7, 9): pass'
    return min(timeit.repeat(statement, globals={"PluginCall": PluginCall}, number=CALLS, repeat=ROUNDS)) / CALLS * 1e9


def main() -> int:
    without = measure()
    with tempfile.TemporaryDirectory() as folder:
        black_box.open_box(Path(folder))
        noted = measure()
    ratio = noted / without
    print(f"a call takes {without:.0f} ns, and with a black box {noted - without:.0f} ns more: {ratio:.1f} times")
    print("good" if ratio <= MOST_RATIO else f"NOT GOOD: at most {MOST_RATIO} times")
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
