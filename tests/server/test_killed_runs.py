"""A run of tests that is killed leaves nothing behind: no server, no worker of one, and not what had started them."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.servers import ROOT, START_SECONDS, STOP_SECONDS

pytestmark = with_files_of_its_own

RUN = '''
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Event

from tests.servers import serve_application
from webnet.sdk.trial.processes import serving

PAUSE = "import signal; signal.pause()"


def test_it_is_killed_here(tmp_path):
    """A server with a worker, and one that is started as `boot()` does; the third is the negative control."""
    application, environment = "tests.server.probe_app:application", os.environ | {"PYTHONUNBUFFERED": "1"}
    command = ["http.server", "--bind", "127.0.0.1", "0"]
    served = serving(command, until="Serving", environment=environment, folder=tmp_path)
    with serve_application("granian", application, tmp_path) as server, served as webnet:
        unguarded = subprocess.Popen([sys.executable, "-c", PAUSE], start_new_session=True)
        found = {"servers": [server.process.pid, webnet._process.pid], "unguarded": unguarded.pid}
        Path("found.json").write_text(json.dumps(found | {"started": find_children(os.getpid())}))
        Event().wait()


def find_children(process):
    """The processes that it has started, and those that they have."""
    listed = [file.read_text() for file in Path(f"/proc/{process}/task").glob("*/children")]
    children = [int(child) for line in listed for child in line.split()]
    return [each for child in children for each in (child, *find_children(child))]
'''


@pytest.fixture
def run(tmp_path: Path) -> Iterator[interpreters.Process]:
    """A run of tests that waits in the middle of one; it says what it has started through the pipe `found.json`."""
    (tmp_path / "test_run.py").write_text(RUN)
    os.mkfifo(tmp_path / "found.json")
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [*command, str(tmp_path / "test_run.py")]
    run = interpreters.start(command, environment=environment | {"PYTHONPATH": str(ROOT)}, folder=tmp_path)
    with run.stdout:
        yield run
        run.kill()


def test_what_it_has_started_ends_with_it(run: interpreters.Process, tmp_path: Path) -> None:
    with ExitStack() as stack:
        pipe = stack.enter_context(os.fdopen(os.open(tmp_path / "found.json", os.O_RDONLY | os.O_NONBLOCK)))
        ended = os.pidfd_open(run.pid)
        stack.callback(os.close, ended)
        ready, _, _ = select.select([pipe, ended], [], [], 2 * START_SECONDS)
        assert ready == [pipe], "It has started nothing." if not ready else run.stdout.read()
        os.set_blocking(pipe.fileno(), True)
        found = json.load(pipe)
        handles = {process: os.pidfd_open(process) for process in found["started"]}
        for handle in handles.values():
            stack.callback(os.close, handle)
        unguarded = handles.pop(found["unguarded"])
        stack.callback(signal.pidfd_send_signal, unguarded, signal.SIGKILL)

        run.kill()

        left = wait_for_ends(handles)
        assert left == []
        assert len(handles) >= 4 and set(found["servers"]) <= set(handles)  # the nursery, and granian's worker
        assert not select.select([unguarded], [], [], 0)[0]


def wait_for_ends(handles: dict[int, int]) -> list[int]:
    """The processes that still run when others would have ended."""
    running, deadline = dict(handles), time.monotonic() + STOP_SECONDS
    while running and (seconds := deadline - time.monotonic()) > 0:
        ended, _, _ = select.select(list(running.values()), [], [], seconds)
        running = {process: handle for process, handle in running.items() if handle not in ended}
    return list(running)
