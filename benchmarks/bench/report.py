"""Writes what was measured as JSON and as tables in Markdown."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench.cases import CASES, Case
from benchmarks.bench.timing import PROCESSOR, WALL, Cell, Cells, Target, as_json, find_ratio

OWN = "webnet"
TITLES = {PROCESSOR: "processor time", WALL: "wall time"}


def write_table(title: str, targets: Sequence[Target], cells: Cells, kind: str) -> str:
    """A row for each target: `ratio (quartiles) · ms · statements`, or the size where nobody counts statements."""
    cases = [case for case in CASES if any((target.name, case.name) in cells for target in targets)]
    lines = [
        f"**{title}, {TITLES[kind]}**: ratio to the bare view (quartiles), ms, SQL statements",
        "",
        f"| | {' | '.join(case.title for case in cases)} |",
        f"|---|{'---|' * len(cases)}",
    ]
    for target in targets:
        texts = [
            write_cell(cells.get((target.name, case.name)), cells.get((target.base, case.name)), kind) for case in cases
        ]
        name = f"**{target.name}**" if target.name == OWN else target.name
        lines.append(f"| {name} | {' | '.join(texts)} |")
    lines.append(f"| *to reach* | {' | '.join(write_goal(case) for case in cases)} |")
    lines.append(f"| *reached* | {' | '.join(write_verdict(case, cells, kind) for case in cases)} |")
    lines += ["", f"Answers, in bytes: {write_sizes(targets, cases, cells)}."]
    return "\n".join(lines)


def write_cell(own: Cell | None, base: Cell | None, kind: str) -> str:
    if own is None:
        return "–"
    ratio = find_ratio(own, base, kind)
    counted = "" if own.statements is None else f" · {own.statements}"
    text = f"{own.median_ms(kind):.2f} ms{counted}"
    if ratio is None:
        return text
    spread = "" if own is base else f" ({ratio.low:.2f}–{ratio.high:.2f})"
    return f"{ratio.middle:.2f}{spread} · {text}"


def write_goal(case: Case) -> str:
    goal = f"≤ {case.to_reach:g}" + (" × the first page" if case.beside else "")
    return goal if case.most_statements is None else f"{goal}, ≤ {case.most_statements} statements"


def write_verdict(case: Case, cells: Cells, kind: str) -> str:
    """Whether webnet's figures are as they should be; nothing fails if not."""
    own = cells.get((OWN, case.name))
    base = cells.get((OWN, case.beside) if case.beside else ("bare", case.name))
    if own is None or base is None:
        return "–"
    ratio = find_ratio(own, base, kind)
    is_good = ratio is not None and ratio.middle <= case.to_reach
    if case.most_statements is not None and own.statements is not None:
        is_good = is_good and own.statements <= case.most_statements
    shown = f"{ratio.middle:.2f}" if ratio is not None else "–"
    return f"{'yes' if is_good else '**no**'}, {shown}"


def write_sizes(targets: Sequence[Target], cases: Sequence[Case], cells: Cells) -> str:
    texts = []
    for target in targets:
        sizes = [cells[target.name, case.name].answer_bytes for case in cases if (target.name, case.name) in cells]
        texts.append(f"{target.name} {' / '.join(f'{size:,}' for size in sizes)}")
    return "; ".join(texts)


def write_statements(cells: Cells) -> str:
    """How many statements webnet needs in each case, in a line."""
    counted = ((case.name, cells.get((OWN, case.name))) for case in CASES)
    return ", ".join(f"{name} {cell.statements}" for name, cell in counted if cell and cell.statements is not None)


def describe_machine() -> dict[str, str]:
    """What the figures depend on, without a name of the machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def save(path: Path, runs: Sequence[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**describe_machine(), "runs": list(runs)}, indent=1))


def describe_run(
    *, database: str, door: str, sizes: Mapping[str, int], targets: Sequence[Target], cells: Cells
) -> dict[str, Any]:
    """One run, as it is saved: in process or over HTTP, on one kind of database."""
    bases = {target.name: target.base for target in targets}
    return {"database": database, "door": door, "sizes": dict(sizes), "figures": as_json(cells, bases)}
