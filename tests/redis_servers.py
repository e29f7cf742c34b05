"""A redis-server of a test's own, to be killed."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests import interpreters
from tests.servers import find_free_port


class Redis:
    """A redis-server of our own, to be killed."""

    def __init__(self, folder: Path) -> None:
        self.port = find_free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: interpreters.Process | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self._folder), "--logfile", "redis.log"]
        run = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
        self._process = interpreters.start(["-c", run, *command], environment=os.environ, folder=self._folder)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port))):
                return
        raise RuntimeError("redis-server did not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is missing")
        pytest.skip("redis-server is missing")
    own = Redis(tmp_path)
    own.start()
    yield own
    own.kill()
