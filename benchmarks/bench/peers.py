"""Takes part of another benchmark: frameworks beside webnet, started by that folder's own code, with its own rows.

The folder has `setup.sh`, and in `harness/` the modules `folders.py` (interpreters and environments), `cases.py`
(requests), `worker.py` and `serve.py`. Its own bare view is the base of its ratios.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from types import ModuleType

from benchmarks.bench.cases import Request
from benchmarks.bench.over_http import Served, find_free_port, started
from benchmarks.bench.sizes import BUILD
from benchmarks.bench.targets import InProcess
from benchmarks.bench.timing import Answer, Block

WORK = BUILD / "peers"
BARE = "bare"
PEERS = (BARE, "drf", "ariadne", "graphene", "st:base", "st:best", "st:jit_rows")
HTTP_PEERS = (BARE, "drf", "ariadne", "st:best")
# Their names of the cases, by ours; where they have none, the bare view finds the deep page by its key.
CASES = {"q1": "q1", "q2": "q2", "q2k": "q2k", "q3": "q3", "m1": "m1"}
DATABASES = {"sqlite": "sqlite", "postgresql": "pg"}
PREFIX = "peers: "


class PeerInProcess(InProcess):
    """A worker of that folder; it is told its own names of the cases."""

    def time(self, case: str, seconds: float) -> Block:
        return super().time(CASES[case], seconds)

    def probe(self, case: str) -> Answer:
        return super().probe(CASES[case])


def set_up_peers(folder: Path, *, server: str) -> None:
    """Let the folder make its environments and rows, below the build folder; what is there already is kept."""
    if not (folder / "setup.sh").is_file():
        raise SystemExit(f"PEERS must be a folder with 'setup.sh'; there is none in {folder}.")
    subprocess.run(["bash", "setup.sh"], cwd=folder, env=_environment(server), check=True)  # noqa: S607 - of the path


@contextmanager
def peers_in_process(folder: Path, database: str, *, server: str) -> Iterator[Sequence[InProcess]]:
    """A worker for each peer; the rows that they wrote are removed at the end."""
    with ExitStack() as stack:
        harness = _load(folder, server)
        workers = []
        for peer in PEERS:
            worker = PeerInProcess(
                f"{PREFIX}{peer}",
                [harness["folders"].python_of(peer), str(folder / "harness" / "worker.py"), peer],
                environment=harness["folders"].environment_of(peer, DATABASES[database]),
                log=_log(peer),
                base=f"{PREFIX}{BARE}",
                cases=_cases(harness["cases"].requests_of(peer)),
            )
            stack.callback(worker.close)
            workers.append(worker)
        workers[0].ask(do="clean")
        yield workers
        workers[0].ask(do="clean")


@contextmanager
def peers_over_http(folder: Path, database: str, *, server: str) -> Iterator[Sequence[Served]]:
    """A server for each peer."""
    with ExitStack() as stack:
        harness = _load(folder, server)
        targets = []
        for peer in HTTP_PEERS:
            requests, port = harness["cases"].requests_of(peer), find_free_port()
            environment = harness["folders"].environment_of(peer, DATABASES[database])
            command = [
                harness["folders"].python_of(BARE),
                str(folder / "harness" / "serve.py"),
                peer,
                DATABASES[database],
                str(port),
            ]
            process = stack.enter_context(
                started(command, environment=environment, log=_log(f"http-{peer}"), port=port)
            )
            those = {
                case: cycle([Request(requests[theirs].method, requests[theirs].path, requests[theirs].body)])
                for case, theirs in CASES.items()
                if theirs in requests
            }
            targets.append(Served(f"{PREFIX}{peer}", port, those, process=process, base=f"{PREFIX}{BARE}"))
        yield targets


def _load(folder: Path, server: str) -> dict[str, ModuleType]:
    """The folder's own modules; they read these variables of the environment when they are loaded."""
    os.environ.update(_environment(server))
    modules = {}
    for name in ("folders", "cases"):
        spec = importlib.util.spec_from_file_location(f"peers_{name}", folder / "harness" / f"{name}.py")
        if spec is None or spec.loader is None:
            raise SystemExit(f"{folder} has no harness/{name}.py.")
        modules[name] = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = modules[name]  # Its dataclasses look their own module up.
        spec.loader.exec_module(modules[name])
    return modules


def _environment(server: str) -> dict[str, str]:
    work = os.environ.get("PEERS_WORK", str(WORK))
    Path(work, "out").mkdir(parents=True, exist_ok=True)
    return {**os.environ, "PEERS_WORK": work, **({"PG_URL": server} if server else {})}


def _cases(requests: dict[str, object]) -> tuple[str, ...]:
    return tuple(case for case, theirs in CASES.items() if theirs in requests)


def _log(peer: str) -> Path:
    path = BUILD / "logs" / f"peer-{peer.replace(':', '_')}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
