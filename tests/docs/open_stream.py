"""A command in the reader's other terminal that prints an event stream, such as `curl --no-buffer`."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from tests.events.streams import PATIENCE_SECONDS


class OpenStream:
    """Prints until it is closed; empty lines, and the comments that keep the connection open, are left out."""

    def __init__(self, command: str, *, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # curl's progress, which it does not show in a terminal
            text=True,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.first = self._next()

    def read(self, count: int) -> str:
        """So many more lines. Raises EOFError when it has ended, TimeoutError when they don't come."""
        lines: list[str] = []
        while len(lines) < count:
            line = self._next()
            if line.strip() and not line.startswith(":"):
                lines.append(line)
        return "".join(lines)

    def close(self) -> None:
        """Ctrl-C."""
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _next(self) -> str:
        try:
            line = self._lines.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise TimeoutError("No more lines of the stream came.") from None
        if line is None:
            raise EOFError("The stream has ended.")
        return line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)
