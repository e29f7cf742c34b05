"""Processes for tests: forks of a warm interpreter, or cold starts; none outlives the tests, however those end."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import IO

NURSERY = Path(__file__).with_name("nursery.py")
# These are read when an interpreter starts, so its environment must not have those of one process.
OF_A_PROCESS = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONUNBUFFERED")


class Process:
    """A process that was started, as `subprocess.Popen` has it; it leads a session and a process group of its own."""

    stdin = None

    def __init__(self, arguments: Sequence[str], *, answers: int, stdout: IO[str]) -> None:
        self.args, self.stdout = list(arguments), stdout
        self.returncode: int | None = None
        self._answers, self._lock, self._heard = answers, Lock(), b""
        self.pid = self._read_number(timeout=None)

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._read_exit_code(timeout=0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises TimeoutExpired."""
        code = self._read_exit_code(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, how: int) -> None:
        """Send it where the process still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended since
                os.kill(self.pid, how)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def kill_group(self) -> None:
        """Kill what is left of it and of the processes that it has started.

        Where it has ended and its number is in use, that is of a stranger: no process gets the number of a group that
        is not empty.
        """
        if self.poll() is None or not Path("/proc", str(self.pid)).exists():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def _read_exit_code(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None:
                try:
                    self.returncode = self._read_number(timeout)
                except TimeoutError:
                    return None
                os.close(self._answers)
            return self.returncode

    def _read_number(self, timeout: float | None) -> int:
        deadline = None if timeout is None else monotonic() + timeout
        while b"\n" not in self._heard:
            left = None if deadline is None else max(0.0, deadline - monotonic())
            if not select.select([self._answers], [], [], left)[0]:
                raise TimeoutError
            read = os.read(self._answers, 1)
            if not read:
                raise RuntimeError("The nursery has ended; see its traceback.")
            self._heard += read
        number, _, self._heard = self._heard.partition(b"\n")
        return int(number)


class _Nursery:
    """The warm interpreter, as this process sees it; started when the first process is."""

    def __init__(self) -> None:
        self._lock, self._orders, self._owner = Lock(), None, 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, order: dict[str, object], *, stdout: int, stderr: int) -> int:
        """Order a process; what is known of it can be read from the file descriptor."""
        # Whoever listens for processes that begin hears of those that the nursery starts as well.
        sys.audit("subprocess.Popen", sys.executable, order["arguments"], order["folder"], order["environment"])
        with self._lock:
            orders = self._connect()
        answers, theirs = os.pipe()
        with Path(os.devnull).open("rb") as nothing:
            socket.send_fds(orders, [json.dumps(order).encode()], [nothing.fileno(), stdout, stderr, theirs])
        os.close(theirs)
        return answers

    def _connect(self) -> socket.socket:
        if self._orders is None or self._owner != os.getpid():
            self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            environment = {name: value for name, value in os.environ.items() if name not in OF_A_PROCESS}
            self._process = subprocess.Popen(
                [sys.executable, NURSERY, str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            theirs.close()
            self._owner = os.getpid()
            atexit.register(self._close)
        return self._orders

    def _close(self) -> None:
        if self._owner == os.getpid() and self._orders is not None and self._process is not None:
            self._orders.close()
            self._process.wait()


_nursery = _Nursery()


def start(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    stdout: IO[str] | None = None,
    stderr: IO[str] | None = None,
    is_cold: bool = False,
) -> Process:
    """Start what `python` would with these arguments.

    It is a fork of an interpreter that has the libraries imported, or a new one where it `is_cold`. Where no file is
    named for them, its output is read from `stdout`, and errors go where the output goes.
    """
    command = [sys.executable, *arguments] if is_cold else list(arguments)
    order = {"arguments": command, "environment": dict(environment), "folder": str(folder), "is_cold": is_cold}
    if stdout is not None:
        answers = _nursery.start(order, stdout=stdout.fileno(), stderr=(stderr or stdout).fileno())
        return Process(command, answers=answers, stdout=stdout)
    read, write = os.pipe()
    try:
        answers = _nursery.start(order, stdout=write, stderr=stderr.fileno() if stderr is not None else write)
    finally:
        os.close(write)
    return Process(command, answers=answers, stdout=os.fdopen(read, encoding="utf-8"))


def run(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    timeout: float,
    is_cold: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end. Raises TimeoutExpired, when it is killed."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        process = start(
            arguments, environment=environment, folder=folder, stdout=stdout, stderr=stderr, is_cold=is_cold
        )
        try:
            code = process.wait(timeout)
        finally:
            process.kill_group()
        for file in (stdout, stderr):
            file.seek(0)
        return subprocess.CompletedProcess(process.args, code, stdout.read(), stderr.read())
