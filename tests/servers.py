"""Real servers for tests: processes of their own on a free port of 127.0.0.1, each with its own data folder."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep

from tests import interpreters
from tests.interpreters import Process
from webnet.sdk.trial.environment import SECRET_KEY, SETTINGS
from webnet.server.management.commands import serve
from webnet.server.management.commands.run import LAST_LINE

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 180
STOP_SECONDS = 20
DEMO_PASSWORD = "demo-password-for-tests"


@dataclass(frozen=True)
class Server:
    """A server that accepts connections; `output` has what it printed until then."""

    host: str
    port: int
    output: str
    process: Process | None = None
    lines: "SimpleQueue[str | None]" = field(default_factory=SimpleQueue)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def wait_for(self, text: str) -> str:
        """Read on in what it prints, until the text is there."""
        return _wait_for(text, self.lines, self.process)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait until the process has ended."""
        if self.process is None:
            raise RuntimeError("This server can't be stopped.")
        self.process.send_signal(how)
        self.process.wait(timeout=STOP_SECONDS)


def make_environment(data_dir: Path, **changes: str | None) -> dict[str, str]:
    """The environment of a server on its own SQLite file, without the tests' own settings; None leaves one out.

    With another secret key than the tests' own it has the settings of a real installation, with real password hashes.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WEBNET_", "OTEL_"))}
    settings = {
        "DATABASE_URL": None,
        "DJANGO_SETTINGS_MODULE": "webnet.settings" if "WEBNET_SECRET_KEY" in changes else SETTINGS,
        "HOST": "127.0.0.1",
        "PORT": "0",
        "PYTHONUNBUFFERED": "1",
        "SCRIPT_NAME": None,
        # They add rows to the audit log that tests don't expect.
        "WEBNET_AUDIT_CHECKPOINTS": "0",
        "WEBNET_DATA_DIR": str(data_dir),
        "WEBNET_DEBUG": "1",
        "WEBNET_DEMO_PASSWORD": DEMO_PASSWORD,
        "WEBNET_HEALTH_SECONDS": "0",
        "WEBNET_SECRET_KEY": SECRET_KEY,
        **changes,
    }
    merged: Mapping[str, str | None] = {**inherited, **settings}
    return {name: value for name, value in merged.items() if value is not None}


def run_command(*arguments: str, data_dir: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run one of webnet's commands to its end."""
    environment = make_environment(data_dir, **changes)
    return interpreters.run(["manage.py", *arguments], environment=environment, folder=ROOT, timeout=START_SECONDS)


@contextmanager
def serve_webnet(data_dir: Path, *, home: Path = ROOT, **changes: str | None) -> Iterator[Server]:
    """`manage.py run`, as `make run` calls it."""
    started = _start(["manage.py", "run"], make_environment(data_dir, **changes), until=LAST_LINE, home=home)
    with started as (output, process, lines):
        host, port = re.findall(r"serves http://([\d.]+):(\d+)/", output)[0]
        yield Server(host=host, port=int(port), output=output, process=process, lines=lines)


@contextmanager
def serve_production(data_dir: Path, *, workers: int, **changes: str | None) -> Iterator[Server]:
    """`manage.py serve`; its first requests wait until a worker is there."""
    command = ["manage.py", "serve", "--workers", str(workers)]
    with _start(command, make_environment(data_dir, **changes), until=serve.LAST_LINE) as (output, process, lines):
        host, port = re.findall(r"serves http://([\d.]+):(\d+)/", output)[0]
        yield Server(host=host, port=int(port), output=output, process=process, lines=lines)


@contextmanager
def serve_application(
    name: str, application: str, data_dir: Path, *, port: int = 0, is_cold: bool = False, **changes: str | None
) -> Iterator[Server]:
    """An application under `uvicorn`, `granian` or `granian-wsgi`; `is_cold` as for other processes of tests."""
    port = port or find_free_port()
    address = ["--host", "127.0.0.1", "--port", str(port)]
    command = {
        "uvicorn": ["uvicorn", application, *address],
        "granian": ["granian", "--interface", "asgi", *address, application],
        "granian-wsgi": ["granian", "--interface", "wsgi", *address, application],
    }[name]
    until = "Uvicorn running on" if name == "uvicorn" else "Started worker"
    started = _start(["-m", *command], make_environment(data_dir, **changes), until=until, is_cold=is_cold)
    with started as (output, process, lines):
        connect(port)  # granian says that it has started a little before it listens
        try:
            yield Server(host="127.0.0.1", port=port, output=output, process=process, lines=lines)
        finally:
            if name == "granian-wsgi":
                _tell_until_it_ends(process)


def find_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def connect(port: int) -> None:
    """Knock until the door opens."""
    deadline = monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            if monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


@contextmanager
def _start(
    command: list[str], environment: dict[str, str], *, until: str, home: Path = ROOT, is_cold: bool = False
) -> Iterator[tuple[str, Process, "SimpleQueue[str | None]"]]:
    """What the process printed up to the text that says it serves, the process, and what it prints from then on."""
    process = interpreters.start(command, environment=environment, folder=home, is_cold=is_cold)
    lines: SimpleQueue[str | None] = SimpleQueue()
    # Somebody has to read on, or the server would stop when the pipe is full.
    reader = Thread(target=_read_lines, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield _wait_for(until, lines, process), process, lines
    finally:
        _end(process)
        reader.join(STOP_SECONDS)
        if not reader.is_alive():
            process.stdout.close()


def _tell_until_it_ends(process: Process) -> None:
    """SIGTERM, and where nothing comes of it, SIGTERM to the workers as well.

    granian tells each worker once, and a WSGI worker that is told just before its main thread begins to wait never
    hears of it: Python has noted the signal, and calls the handler only when the next one ends the wait.
    """
    deadline = monotonic() + STOP_SECONDS
    process.terminate()
    while monotonic() < deadline:
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
        else:
            return


def _end(process: Process) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_SECONDS)
    # Also what it started and left behind: the pipe that is read to its end would never end.
    process.kill_group()


def _read_lines(process: Process, lines: "SimpleQueue[str | None]") -> None:
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _wait_for(until: str, lines: "SimpleQueue[str | None]", process: Process) -> str:
    output = ""
    while until not in output:
        try:
            line = lines.get(timeout=START_SECONDS)
        except Empty:
            line = None
        if line is None:
            ended = process.poll()
            reason = "says nothing more" if ended is None else f"has ended with {ended}"
            raise RuntimeError(f"The server did not say {until!r}, and {reason}:\n{output}")
        output += line
    return output
