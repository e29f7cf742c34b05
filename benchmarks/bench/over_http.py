"""Servers that are measured over one kept connection: `manage.py serve`, and granian with the bare views."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, perf_counter_ns, sleep

from benchmarks.bench.cases import GOOD, NAMES, EntityTags, Places, Request, requests_of_bare, requests_of_webnet
from benchmarks.bench.databases import Copy, MadeData, make_environment
from benchmarks.bench.sizes import ROOT
from benchmarks.bench.targets import used_ms
from benchmarks.bench.timing import Answer, Block
from benchmarks.processes import family_of

START_SECONDS, STOP_SECONDS, TIMEOUT_SECONDS = 180, 20, 60
FIND_PLACES = """
import json, sys
from benchmarks.django_process import set_up_django
set_up_django()
from benchmarks.bench.worker import find_places
from benchmarks.bench.sizes import Sizes
places = find_places(Sizes(*map(int, sys.argv[1:])))
print(json.dumps({"customer_id": places.customer_id, "cursor": places.cursor, "position": places.position}))
"""


class Served:
    """A server, asked over one kept connection, one request after the other."""

    def __init__(
        self,
        name: str,
        port: int,
        requests: Mapping[str, Iterator[Request]],
        *,
        process: subprocess.Popen[bytes],
        base: str = "bare",
    ) -> None:
        self.name, self.base, self.cases = name, base, tuple(requests)
        self._port, self._requests, self._process = port, requests, process
        self._tags = EntityTags()

    def probe(self, case: str) -> Answer:
        connection = self._connect()
        for _ in range(2):
            self._send(connection, next(self._requests[case]))
        status, body = self._send(connection, next(self._requests[case]))
        self._send(connection, next(self._requests[case]))  # so that a toggle ends as it began
        connection.close()
        return Answer(status, body.decode())

    def time(self, case: str, seconds: float) -> Block:
        """On a fresh connection, whose first two requests are not timed; always an even number of requests."""
        connection, requests, times = self._connect(), self._requests[case], []
        for _ in range(2):
            self._send(connection, next(requests))
        family = family_of(self._process.pid)
        used = used_ms(family)
        end = perf_counter_ns() + seconds * 1e9
        while True:
            request = next(requests)
            before = perf_counter_ns()
            status, body = self._send(connection, request)
            after = perf_counter_ns()
            if status not in GOOD:
                raise RuntimeError(f"{self.name} {case}: {status} {body[:300]!r}")
            times.append((after - before) / 1e6)
            if after > end and len(times) % 2 == 0:
                break
        connection.close()
        return Block(times, used_ms(family) - used)

    def _send(self, connection: HTTPConnection, request: Request) -> tuple[int, bytes]:
        sent = self._tags.complete(request)
        headers = {"Content-Type": "application/json", "Accept": "application/json", **dict(sent.headers)}
        connection.request(sent.method, sent.path, sent.body or None, headers)
        response = connection.getresponse()
        self._tags.note(request, response.getheaders())
        return response.status, response.read()

    def _connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)


@contextmanager
def served_here(made: MadeData) -> Iterator[list[Served]]:
    """webnet and the bare views behind servers, each with one worker and a copy of the data."""
    sizes = made.sizes
    with ExitStack() as stack:
        copy = made.copy()
        places = ask_for_places(made, copy)
        targets = []
        for kind in ("webnet", "bare", "sql"):
            copy = copy if kind == "webnet" else made.copy()
            port = find_free_port()
            requests = requests_of_webnet if kind == "webnet" else requests_of_bare
            views = "sql_views" if kind == "sql" else "views"
            environment = make_environment(made, copy, PORT=str(port), BENCH_VIEWS=views)
            log = copy.data_dir / "server.log"
            process = stack.enter_context(
                started(name_command(kind, port), environment=environment, log=log, port=port)
            )
            those = {case: requests(case, sizes, places) for case in NAMES}
            targets.append(Served(kind, port, those, process=process))
        yield targets


def name_command(kind: str, port: int) -> list[str]:
    if kind == "webnet":
        return [sys.executable, "manage.py", "serve", "--workers", "1"]
    options = ["--workers", "1", "--blocking-threads", "1", "--no-access-log", "--log-level", "error"]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        *options,
        *address,
        "benchmarks.bench.bare.wsgi:application",
    ]


def ask_for_places(made: MadeData, copy: Copy) -> Places:
    """From a process with webnet's key, since its cursors are sealed."""
    sizes = made.sizes
    numbers = [str(each) for each in (sizes.plugins, sizes.customers, sizes.audit_rows)]
    done = subprocess.run(
        [sys.executable, "-c", FIND_PLACES, *numbers],
        env=make_environment(made, copy),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=START_SECONDS,
    )
    return Places(**json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def started(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, once it answers on its port."""
    with log.open("w") as output:
        process = subprocess.Popen(list(command), env=dict(environment), cwd=ROOT, stdout=output, stderr=output)
    try:
        _wait_for(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = monotonic() + START_SECONDS
    while monotonic() < end and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError(f"A server did not start; {log} ends with:\n{log.read_text()[-2_000:]}")


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
