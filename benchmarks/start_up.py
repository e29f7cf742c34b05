"""How long a worker takes from its interpreter's start until it can answer, with 50 plugins and with none.

    python benchmarks/start_up.py [--plugins 50] [--rounds 3]

Each plugin has three Django types. Fails when a plugin adds more than 150 ms to the start. Times are of the processor,
so that others on the machine do not count; of all rounds the fastest counts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sample_plugins import make_environment, make_plugins

MOST_MS_PER_PLUGIN = 150
LIMIT_SECONDS = 300
# What a worker of `manage.py serve` does before it takes its first request.
START = """
from webnet.server.worker import load_application
load_application(0, workers=1)
"""


def measure(plugins: int, *, rounds: int) -> float:
    """Seconds of the processor for one start; the fastest of so many."""
    with tempfile.TemporaryDirectory() as folder:
        names = make_plugins(Path(folder) / "packages", count=plugins)
        environment = make_environment(folder, names)
        start(environment)  # the first one compiles the packages
        return min(start(environment) for _ in range(rounds))


def start(environment: dict[str, str]) -> float:
    """One start in an interpreter of its own, with what it has others do for it."""
    before = used_seconds()
    command = [sys.executable, "-c", START]
    subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, timeout=LIMIT_SECONDS, check=True)
    return used_seconds() - before


def used_seconds() -> float:
    """Of the processor, by all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def find_ms_per_plugin(none: float, all_of_them: float, *, plugins: int) -> float:
    """What each plugin adds, from the seconds without any and with so many."""
    return (all_of_them - none) / plugins * 1_000


def judge(ms_per_plugin: float) -> bool:
    """Whether the promise holds."""
    return ms_per_plugin <= MOST_MS_PER_PLUGIN


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    none = measure(0, rounds=wanted.rounds)
    all_of_them = measure(wanted.plugins, rounds=wanted.rounds)
    each = find_ms_per_plugin(none, all_of_them, plugins=wanted.plugins)
    print(f"without plugins {none:.2f} s, with {wanted.plugins} of them {all_of_them:.2f} s")
    print(f"{all_of_them / none:.1f} times as long; for each plugin {each:.0f} ms")
    is_good = judge(each)
    print("good" if is_good else f"NOT GOOD: at most {MOST_MS_PER_PLUGIN} ms")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
