"""The command line of `make bench`."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.bench.cases import NAMES
from benchmarks.bench.databases import POSTGRESQL, SQLITE, MadeData, made_data
from benchmarks.bench.over_http import served_here
from benchmarks.bench.peers import peers_in_process, peers_over_http, set_up_peers
from benchmarks.bench.report import describe_run, save, write_table
from benchmarks.bench.sizes import BUILD, Sizes
from benchmarks.bench.targets import clear_up_when_told_to_end, own_workers
from benchmarks.bench.timing import KINDS, Target, measure

IN_PROCESS, OVER_HTTP = "in process", "over HTTP"
# A look at whether all of it works, for CI: the figures say little.
SHORT = {"rounds": 2, "seconds": 0.1, "plugins": 40, "customers": 20, "audit_rows": 5_000}
FULL = {"rounds": 7, "seconds": 0.4, **asdict(Sizes())}


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=(
            "Measure webnet beside a bare Django view and other frameworks, in interleaved rounds: processor time and "
            "wall time, in process and over HTTP. The figures say nothing while other programs are busy."
        ),
        epilog="With make, options are variables: make bench ROUNDS=3 DATABASES=sqlite PEERS=../peers",
    )
    parser.add_argument("--rounds", type=int, help=f"rounds of blocks (default {FULL['rounds']})")
    parser.add_argument("--seconds", type=float, help=f"length of a block in seconds (default {FULL['seconds']})")
    parser.add_argument("--plugins", type=int, help=f"how many plugins there are (default {FULL['plugins']})")
    parser.add_argument("--customers", type=int, help=f"how many customers there are (default {FULL['customers']})")
    parser.add_argument("--audit-rows", type=int, help=f"how long the audit log is (default {FULL['audit_rows']})")
    parser.add_argument(
        "--databases",
        default=os.environ.get("DATABASES") or SQLITE + (f",{POSTGRESQL}" if find_server() else ""),
        help="sqlite, postgresql or both, with a comma; PostgreSQL needs TEST_DATABASE_URL (default: what there is)",
    )
    parser.add_argument("--cases", default=",".join(NAMES), help=f"which cases (default {','.join(NAMES)})")
    parser.add_argument(
        "--doors", default="process,http", help="process, http or both (default): without a server, and with one"
    )
    parser.add_argument(
        "--peers", default=os.environ.get("PEERS", ""), help="folder of the peers' benchmark (default none)"
    )
    parser.add_argument("--short", action="store_true", help="small sizes and few rounds, in under three minutes")
    parser.add_argument("--output", type=Path, default=BUILD / "bench.json", help="the JSON file (default %(default)s)")
    wanted = parser.parse_args(arguments)
    for name, value in (SHORT if wanted.short else FULL).items():
        if getattr(wanted, name) is None:
            setattr(wanted, name, value)
    return wanted


def find_server() -> str:
    """The URL of a PostgreSQL server on which databases may be made; empty if there is none."""
    return os.environ.get("TEST_DATABASE_URL", "")


def main() -> int:
    wanted, began = parse_arguments(), monotonic()
    clear_up_when_told_to_end()
    if POSTGRESQL in wanted.databases.split(",") and not find_server():
        raise SystemExit("To measure PostgreSQL, set TEST_DATABASE_URL to a server, as postgres://user@host:5432/name.")
    sizes = Sizes(wanted.plugins, wanted.customers, wanted.audit_rows)
    runs: list[dict[str, Any]] = []
    tables: list[str] = []
    if wanted.peers:
        set_up_peers(Path(wanted.peers), server=find_server())
    for kind in wanted.databases.split(","):
        with made_data(sizes, kind, server=find_server() if kind == POSTGRESQL else "") as made:
            for door in wanted.doors.split(","):
                run, found = run_door(made, kind, IN_PROCESS if door == "process" else OVER_HTTP, wanted)
                runs.append(run)
                tables += found
                print("\n\n".join(["", *found]), flush=True)
    save(wanted.output, runs)
    wanted.output.with_suffix(".md").write_text("\n\n".join(tables) + "\n")
    say(f"{monotonic() - began:.0f} s; {wanted.output} has every figure, and beside it the tables in Markdown")
    return 0


def run_door(made: MadeData, database: str, door: str, wanted: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Measure all targets in one run; what is saved of it, and its tables."""
    sizes, folder = made.sizes, Path(wanted.peers) if wanted.peers else None
    say(f"{database}, {door}: {sizes.describe()}, {wanted.rounds} rounds")
    with ExitStack() as stack:
        own = own_workers(made) if door == IN_PROCESS else served_here(made)
        targets: list[Target] = [*stack.enter_context(own)]
        if folder is not None:
            others = peers_in_process if door == IN_PROCESS else peers_over_http
            targets += stack.enter_context(others(folder, database, server=find_server()))
        cells = measure(targets, wanted.cases.split(","), rounds=wanted.rounds, seconds=wanted.seconds)
    title = f"{database}, {door}"
    tables = [write_table(title, targets, cells, kind) for kind in KINDS]
    return describe_run(database=database, door=door, sizes=asdict(sizes), targets=targets, cells=cells), tables


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
