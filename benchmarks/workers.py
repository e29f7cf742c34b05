"""How many requests `serve` answers with one and two workers, of one and four threads each, as `wrk` counts them.

    python benchmarks/workers.py [--seconds 5] [--rounds 3] [--connections 16]

All servers are started on one database, and take turns in each round, so that what else the machine does is shared by
all. Prints requests per second, the processor time of the server for one request, times until the answer, and the
ratio to one worker with four threads; it judges nothing. Needs Debian's package `wrk`; on Linux; the database is the
one of TEST_DATABASE, as for the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.processes import family_of
from tests.events.conftest import World, make_world
from tests.events.streams import StreamClient
from tests.programs import find_program
from tests.servers import Server, serve_production

# (workers, threads of each).
SIZES = ((1, 1), (1, 4), (2, 1), (2, 4))
COMPARED = (1, 4)
CHANGES = 60
QUERIES = {
    "one plugin": '{ plugin(name: "shelf") { name version status enabled } }',
    "audit page": "{ pluginAuditLogs(first: 50) { edges { cursor node { action actorName before after } } } }",
}
LUA = """
wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
"""
# A query, and the size of the server that it is sent to.
Turn = tuple[str, tuple[int, int]]
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Figures:
    """What one run of wrk has measured, times in milliseconds; `failed` are answers that were no 2xx, or none."""

    per_second: float
    processor_ms: float
    p50_ms: float
    p99_ms: float
    failed: int


def run_wrk(wrk: str, server: Server, script: Path, *, seconds: int, connections: int) -> Figures:
    """Ask again and again for so long."""
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-s", str(script)]
    before = processor_seconds(server)
    done = subprocess.run([*command, f"{server.url}/graphql/acme/"], capture_output=True, text=True, check=True)
    return read_output(done.stdout, busy_seconds=processor_seconds(server) - before)


def read_output(text: str, *, busy_seconds: float) -> Figures:
    """The figures in what wrk prints."""
    (requests,) = re.findall(r"(\d+) requests in", text)
    (per_second,) = re.findall(r"Requests/sec:\s+([\d.]+)", text)
    percents = re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", text)
    times = {percent: float(value) * UNITS[unit] for percent, value, unit in percents}
    errors = [int(each) for line in re.findall(r"Socket errors: (.*)", text) for each in re.findall(r"\d+", line)]
    errors += [int(each) for each in re.findall(r"Non-2xx or 3xx responses: (\d+)", text)]
    return Figures(
        per_second=float(per_second),
        processor_ms=1000 * busy_seconds / max(1, int(requests)),
        p50_ms=times["50"],
        p99_ms=times["99"],
        failed=sum(errors),
    )


def processor_seconds(server: Server) -> float:
    """What the server's processes have used until now."""
    if server.process is None:
        raise RuntimeError("This server has no process.")
    ticks = 0
    for process in family_of(server.process.pid):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(world: World, *, seconds: int, rounds: int, connections: int) -> dict[Turn, list[Figures]]:
    """The figures of each query and size, one for each round."""
    wrk = find_program("wrk", package="wrk")
    found: dict[Turn, list[Figures]] = {}
    with ExitStack() as stack:
        servers = {}
        for workers, threads in SIZES:
            environment = world.environment | {"WEBNET_THREADS": str(threads)}
            servers[workers, threads] = stack.enter_context(
                serve_production(world.data_dir, workers=workers, **environment)
            )
        prepare(world, servers[COMPARED])
        scripts = dict(write_scripts(world))
        # What every worker keeps is there before it is measured.
        for server in servers.values():
            run_wrk(wrk, server, scripts["audit page"], seconds=2, connections=connections)
        turns = [(name, size) for _ in range(rounds) for name in QUERIES for size in SIZES]
        for name, size in tqdm(turns, unit="run"):
            figures = run_wrk(wrk, servers[size], scripts[name], seconds=seconds, connections=connections)
            found.setdefault((name, size), []).append(figures)
    return found


def prepare(world: World, server: Server) -> None:
    """Rows of the audit log."""
    root = StreamClient(server, world.tokens["root"])
    root.mutate("enablePlugin", plugin="shelf")
    for number in range(CHANGES):
        root.mutate(f"{'disable' if number % 2 else 'enable'}CustomerPlugin", customer="acme", plugin="shelf")


def write_scripts(world: World) -> Iterator[tuple[str, Path]]:
    """What wrk sends, for each query."""
    for name, query in QUERIES.items():
        script = world.data_dir / f"{name.replace(' ', '-')}.lua"
        body = json.dumps(json.dumps({"query": query}))
        script.write_text(LUA.format(body=body, token=world.tokens["acme-operator"]))
        yield name, script


def make_table(found: dict[Turn, list[Figures]]) -> Iterator[str]:
    """The medians of all rounds; the ratios are those of the same round, with the lowest and the highest."""
    names = ("workers", "threads", "per s", "cpu ms", "p50 ms", "p99 ms", "failed")
    yield f"{'':12}{''.join(f'{each:>8}' for each in names)}  times that of {COMPARED[0]} worker, {COMPARED[1]} threads"
    for (name, (workers, threads)), rounds in found.items():
        pairs = zip(rounds, found[name, COMPARED], strict=True)
        ratios = sorted(each.per_second / compared.per_second for each, compared in pairs)
        columns = [
            statistics.median(getattr(each, column) for each in rounds)
            for column in ("per_second", "processor_ms", "p50_ms", "p99_ms")
        ]
        yield (
            f"{name:12}{workers:>8}{threads:>8}{columns[0]:>8.0f}{columns[1]:>8.2f}{columns[2]:>8.1f}{columns[3]:>8.1f}"
            f"{sum(each.failed for each in rounds):>8}"
            f"  {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, make_world(Path(folder)) as world:
        found = measure(world, seconds=wanted.seconds, rounds=wanted.rounds, connections=wanted.connections)
    for line in make_table(found):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
