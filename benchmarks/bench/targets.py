"""Processes that are measured: in process, by standard input, and their use of the processor seen from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.bench.cases import NAMES
from benchmarks.bench.databases import MadeData, make_environment
from benchmarks.bench.sizes import ROOT
from benchmarks.bench.timing import Answer, Block

STOP_SECONDS = 20


class InProcess:
    """A worker that calls its application without a server."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        base: str = "bare",
        cases: Sequence[str] = NAMES,
    ) -> None:
        self.name, self.base, self.cases = name, base, cases
        self._log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        self._read()

    def ask(self, **command: object) -> Any:
        """What the worker answers to a command."""
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError("The worker has no standard input.")
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        return self._read()

    def probe(self, case: str) -> Answer:
        answer = self.ask(do="probe", case=case)
        return Answer(answer["status"], answer["body"], tuple(answer["statements"]))

    def time(self, case: str, seconds: float) -> Block:
        before = used_ms([self._process.pid])
        wall_ms = self.ask(do="time", case=case, seconds=seconds)
        return Block(wall_ms, used_ms([self._process.pid]) - before)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"{self.name} has stopped; {self._log} ends with:\n{self._log.read_text()[-2_000:]}")
        return json.loads(line)


def clear_up_when_told_to_end() -> None:
    """Have SIGTERM end this process as Ctrl-C does, so that databases are dropped and other processes ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def used_ms(processes: Sequence[int]) -> float:
    """Milliseconds of the processor that these processes have used, by all of their threads that still run."""
    used = 0
    for process in processes:
        for task in Path(f"/proc/{process}/task").iterdir():
            with suppress(OSError):  # the thread has ended meanwhile
                used += int((task / "schedstat").read_text().split()[0])
    return used / 1e6


@contextmanager
def own_workers(made: MadeData) -> Iterator[list[InProcess]]:
    """webnet and the bare views, each with a copy of the data."""
    sizes = made.sizes
    numbers = [str(each) for each in (sizes.plugins, sizes.customers, sizes.audit_rows)]
    workers: list[InProcess] = []
    places: dict[str, Any] | None = None
    try:
        for kind in ("webnet", "bare", "sql"):
            copy = made.copy()
            views = "sql_views" if kind == "sql" else "views"
            environment = make_environment(made, copy, BENCH_PLACES=json.dumps(places), BENCH_VIEWS=views)
            command = [sys.executable, "-m", "benchmarks.bench.worker", kind, *numbers]
            workers.append(InProcess(kind, command, environment=environment, log=copy.data_dir / "worker.log"))
            places = places or workers[0].ask(do="places")
        yield workers
    finally:
        for worker in workers:
            worker.close()
