"""The fair part: blocks of all that is measured in turn, in random order, and ratios that are taken round by round."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Protocol

from benchmarks.bench.cases import GOOD

WALL, PROCESSOR = "wall", "processor"
KINDS = (PROCESSOR, WALL)
WARM_UP_SECONDS = 0.1


@dataclass(frozen=True)
class Answer:
    """The answer to one request of a case; `statements` is None where nobody counts them."""

    status: int
    body: str
    statements: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Block:
    """What one block of requests has taken: the milliseconds of each, and those of the processor for all together."""

    wall_ms: list[float]
    processor_ms: float


class Target(Protocol):
    """What is measured: webnet, a bare view or a peer, in a process of its own. `base` names its bare view."""

    name: str
    base: str
    cases: Sequence[str]

    def probe(self, case: str) -> Answer: ...

    def time(self, case: str, seconds: float) -> Block: ...


@dataclass
class Cell:
    """One target in one case: a figure for each round, by the kind of time."""

    statements: int | None
    answer_bytes: int
    requests: int = 0
    rounds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def add(self, block: Block) -> None:
        self.requests += len(block.wall_ms)
        self.rounds[WALL].append(median(block.wall_ms))
        self.rounds[PROCESSOR].append(block.processor_ms / len(block.wall_ms))

    def median_ms(self, kind: str) -> float:
        return median(self.rounds[kind])


@dataclass(frozen=True)
class Ratio:
    """The median of the ratios of all rounds, and the quartiles around it."""

    middle: float
    low: float
    high: float


Cells = dict[tuple[str, str], Cell]


def measure(targets: Sequence[Target], cases: Iterable[str], *, rounds: int, seconds: float) -> Cells:
    """(name of the target, case) -> what was measured; who gives no good answer in a case is left out there."""
    cells: Cells = {}
    able: dict[str, list[Target]] = {}
    for case in cases:
        able[case] = [target for target in targets if case in target.cases and _is_answered(target, case, cells)]
        for target in able[case]:
            target.time(case, min(seconds, WARM_UP_SECONDS))
    for number in range(rounds):
        print(f"  round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for case, those in able.items():
            for target in random.sample(those, len(those)):
                cells[target.name, case].add(target.time(case, seconds))
    return cells


def _is_answered(target: Target, case: str, cells: Cells) -> bool:
    answer = target.probe(case)
    if answer.status not in GOOD or '"errors"' in answer.body or '"code"' in answer.body:
        print(f"  left out: {target.name} {case}: {answer.status} {answer.body[:300]}", file=sys.stderr, flush=True)
        return False
    statements = None if answer.statements is None else len(answer.statements)
    cells[target.name, case] = Cell(statements, len(answer.body.encode()))
    return True


def find_ratio(own: Cell, base: Cell | None, kind: str) -> Ratio | None:
    """How many times as long `own` takes as `base`, from the same rounds; None without a base."""
    if base is None:
        return None
    ratios = [one / other for one, other in zip(own.rounds[kind], base.rounds[kind], strict=True)]
    if len(ratios) == 1:
        return Ratio(ratios[0], ratios[0], ratios[0])
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return Ratio(middle, low, high)


def as_json(cells: Cells, bases: Mapping[str, str]) -> list[dict[str, Any]]:
    """Everything that was measured, a row for each target and case."""
    rows = []
    for (name, case), cell in cells.items():
        ratios = {kind: find_ratio(cell, cells.get((bases[name], case)), kind) for kind in KINDS}
        rows.append(
            {
                "target": name,
                "case": case,
                "statements": cell.statements,
                "answer_bytes": cell.answer_bytes,
                "requests": cell.requests,
                "rounds_ms": cell.rounds,
                "median_ms": {kind: cell.median_ms(kind) for kind in KINDS},
                "ratio": {kind: ratio and vars(ratio) for kind, ratio in ratios.items()},
            }
        )
    return rows
