"""Interpreters of their own for webnets under test: one that runs to its end, and one that serves until it is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

START_SECONDS = 180  # for busy machines: every start is awaited by what it says, and takes seconds where nobody waits
STOP_SECONDS = 30
SHOWN_LINES = 30


class ProcessFailed(RuntimeError):
    """An interpreter ended with an error, or did not say in time what it should; the message has its last words."""


def run_to_end(arguments: Sequence[str], *, environment: dict[str, str], folder: Path) -> str:
    """What the interpreter printed to stdout. Raises ProcessFailed where it failed, or took too long."""
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, with arguments of ours
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ProcessFailed(f"It took longer than {START_SECONDS} s.") from error
    if done.returncode != 0:
        raise ProcessFailed(_last_lines(done.stdout + done.stderr) or f"It ended with code {done.returncode}.")
    return done.stdout


class Serving:
    """A process that serves; all that it has said so far is in `output`."""

    def __init__(self, process: subprocess.Popen[str], *, until: str) -> None:
        self._process, self._until = process, until
        self._lines: list[str] = []
        self._settled = Event()
        # Somebody has to read on, or the process would stop when the pipe is full.
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait(self) -> None:
        """Return once it has said that it serves. Raises ProcessFailed where it does not."""
        if not self._settled.wait(START_SECONDS) or self._until not in self.output:
            raise ProcessFailed(_last_lines(self.output) or "It said nothing.")

    def stop(self) -> None:
        """End it, if need be by force."""
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line)
            if self._until in line:
                self._settled.set()
        self._settled.set()


@contextmanager
def serving(arguments: Sequence[str], *, until: str, environment: dict[str, str], folder: Path) -> Iterator[Serving]:
    """A process that has said `until`, and is ended after the block."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(  # noqa: S603 - our own interpreter, with arguments of ours
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        served = Serving(process, until=until)
        try:
            served.wait()
            yield served
        finally:
            served.stop()


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-SHOWN_LINES:])
