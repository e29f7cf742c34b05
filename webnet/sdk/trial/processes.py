"""Starts webnets under test in processes of their own: commands that run to their end, and servers.

None of them outlives the process that started it, even if that is killed: see `leash`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO

START_SECONDS = 180  # generous, for busy machines: waiting ends as soon as the process is ready
STOP_SECONDS = 30
SHOWN_LINES = 30
LEASH = "webnet.sdk.trial.leash"


class ProcessFailed(RuntimeError):
    """A process ended with an error, or was not ready in time; the message is the end of its output."""


def run_to_end(arguments: Sequence[str], *, environment: dict[str, str], folder: Path) -> str:
    """Run a module with arguments, and return what it printed to stdout. Raises ProcessFailed."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        process = _start(arguments, environment=environment, folder=folder, stdout=stdout, stderr=stderr)
        try:
            code = process.wait(START_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed(f"It took longer than {START_SECONDS} s.") from error
        finally:
            _end(process)
        stdout.seek(0)
        stderr.seek(0)
        printed = stdout.read()
        if code != 0:
            raise ProcessFailed(_last_lines(printed + stderr.read()) or f"It ended with code {code}.")
        return printed


class Serving:
    """A process that serves; `output` is what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str], *, until: str) -> None:
        self._process, self._until = process, until
        self._lines: list[str] = []
        self._settled = Event()
        # Its output has to be read all the time: the process would block once the pipe is full.
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait(self) -> None:
        """Wait until it serves. Raises ProcessFailed if it does not start in time."""
        if not self._settled.wait(START_SECONDS) or self._until not in self.output:
            raise ProcessFailed(_last_lines(self.output) or "It printed nothing.")

    def stop(self) -> None:
        """End it, by force if necessary."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS)
        _end(self._process)
        self._reader.join()

    def _read(self) -> None:
        with self._process.stdout or nullcontext(()) as lines:
            for line in lines:
                self._lines.append(line)
                if self._until in line:
                    self._settled.set()
        self._settled.set()


@contextmanager
def serving(arguments: Sequence[str], *, until: str, environment: dict[str, str], folder: Path) -> Iterator[Serving]:
    """A process that serves once it has printed `until`; it is ended after the block."""
    process = _start(
        arguments, environment=environment, folder=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    served = Serving(process, until=until)
    try:
        served.wait()
        yield served
    finally:
        served.stop()


def _start(
    arguments: Sequence[str], *, environment: dict[str, str], folder: Path, stdout: IO[str] | int, stderr: IO[str] | int
) -> subprocess.Popen[str]:
    """A new interpreter that runs the module, with these arguments, and leads a process group of its own."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter, with arguments of ours
        [sys.executable, "-m", LEASH, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    """Kill the process and those that it started, and close its pipes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-SHOWN_LINES:])
