"""Measures every case at growing sizes, and draws the curves for `docs/performance.md`.

    python -m benchmarks.bench.growth [--rounds 5] [--seconds 0.3] [--database sqlite] [--folder docs/images]

One thing grows at a time: plugins, customers, audit rows. Processor time in process; the file of figures has the bare
views as well.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.bench.cases import CASES, NAMES
from benchmarks.bench.databases import POSTGRESQL, SQLITE, made_data
from benchmarks.bench.drawing import Curve, draw
from benchmarks.bench.report import OWN
from benchmarks.bench.sizes import BUILD, ROOT, Sizes
from benchmarks.bench.targets import clear_up_when_told_to_end, own_workers
from benchmarks.bench.timing import PROCESSOR, measure

# Where the others stay meanwhile.
MIDDLE = Sizes(plugins=50, customers=50, audit_rows=20_000)
STEPS: dict[str, tuple[int, ...]] = {
    "plugins": (10, 20, 50, 100, 200),
    "customers": (10, 100, 1_000, 10_000),
    "audit_rows": (0, 1_000, 10_000, 100_000, 1_000_000),
}
TITLES = {"plugins": "plugins", "customers": "customers", "audit_rows": "rows of the audit log"}
Figures = dict[str, dict[str, float]]


def measure_at(sizes: Sizes, *, database: str, server: str, rounds: int, seconds: float) -> Figures:
    """Milliseconds of the processor, by target and case."""
    with made_data(sizes, database, server=server) as made, own_workers(made) as workers:
        cells = measure(workers, NAMES, rounds=rounds, seconds=seconds)
    found: Figures = {worker.name: {} for worker in workers}
    for (name, case), cell in cells.items():
        found[name][case] = cell.median_ms(PROCESSOR)
    return found


def draw_all(figures: dict[str, dict[int, Figures]], folder: Path) -> list[Path]:
    """A drawing for each thing that grows, with a line for each of webnet's cases."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for grown, steps in figures.items():
        curves = []
        for case in CASES:
            points = [(size, found[OWN][case.name]) for size, found in steps.items() if case.name in found[OWN]]
            curves += [Curve(case.title, points)] if points else []
        title = f"Processor time of a request as the {TITLES[grown]} grow"
        path = folder / f"growth-{grown.replace('_', '-')}.svg"
        path.write_text(draw(curves, title=title, across=TITLES[grown], up="ms of the processor"))
        paths.append(path)
    return paths


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-growth", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a block (default %(default)s)")
    parser.add_argument("--database", default=SQLITE, help="sqlite or postgresql (default %(default)s)")
    parser.add_argument(
        "--server",
        default=os.environ.get("TEST_DATABASE_URL", ""),
        help="the PostgreSQL server (default $TEST_DATABASE_URL)",
    )
    parser.add_argument("--only", choices=tuple(STEPS), help="what grows (default: each in turn)")
    parser.add_argument("--up-to", type=int, default=10**9, help="the largest size (default: all)")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images", help="for the drawings")
    parser.add_argument("--output", type=Path, default=BUILD / "growth.json", help="the figures (default %(default)s)")
    wanted = parser.parse_args()
    clear_up_when_told_to_end()
    figures: dict[str, dict[int, Figures]] = {}
    for grown in [wanted.only] if wanted.only else STEPS:
        figures[grown] = {}
        for size in STEPS[grown]:
            if size > wanted.up_to:
                continue
            sizes = replace(MIDDLE, **{grown: size})
            print(sizes.describe(), file=sys.stderr, flush=True)
            figures[grown][size] = measure_at(
                sizes,
                database=wanted.database,
                server=wanted.server if wanted.database == POSTGRESQL else "",
                rounds=wanted.rounds,
                seconds=wanted.seconds,
            )
            print(describe(figures[grown][size]), flush=True)
        # After each of them, since the next one takes minutes.
        save(wanted.output, figures)
        print(draw_all({grown: figures[grown]}, wanted.folder)[0])
    return 0


def describe(found: Figures) -> str:
    lines = [
        f"  {name:7}" + "".join(f" {case} {ms:.2f}" for case, ms in cases.items()) for name, cases in found.items()
    ]
    return "\n".join([*lines, ""])


def save(path: Path, figures: dict[str, dict[int, Figures]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written: dict[str, Any] = {"middle": asdict(MIDDLE), "figures": figures}
    path.write_text(json.dumps(written, indent=1))


if __name__ == "__main__":
    sys.exit(main())
