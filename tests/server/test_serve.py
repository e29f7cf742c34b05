"""`manage.py serve`: what it says, what ends it, and what its workers are replaced with."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.browsing import Client
from tests.databases import one_database_is_enough, with_files_of_its_own
from tests.server.production import Deployment, make_deployment
from tests.servers import START_SECONDS, Server, serve_production
from webnet.black_box import FOLDER
from webnet.server.management.commands.serve import LAST_LINE

# A second or two, and as much again on a busy machine.
LONGEST_SECONDS = 5

SCHEMA = """
    from webnet.sdk import graphql


    @graphql.type
    class Queries:
        @graphql.field
        def tide(self, info: graphql.Info) -> str:
            return "high"
"""


@pytest.fixture
def deployment(tmp_path: Path):
    with make_deployment(tmp_path, schema=SCHEMA) as deployment:
        yield deployment


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2 * START_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_listening(server: Server) -> bool:
    try:
        socket.create_connection((server.host, server.port)).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        pass  # The socket was closed during the handshake; the next connection is refused.
    return True


def read_processes(deployment: Deployment) -> set[int]:
    return {process for (process,) in deployment.read("SELECT process_id FROM plugins_worker")}


@with_files_of_its_own
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_ends_when_it_is_told_to(migrated: Path, end: signal.Signals) -> None:
    with serve_production(migrated, workers=1) as server:
        assert LAST_LINE in server.output
        assert Client(server.url).get("/readyz").json() == {"status": "ready"}
        server.process.send_signal(signal.SIGHUP)  # the trial start that it begins is not waited for
        server.stop(end)

    assert server.process.returncode == 0


@with_files_of_its_own
def test_it_ends_at_once_while_its_workers_start(migrated: Path) -> None:
    with serve_production(migrated, workers=2) as server:
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < LONGEST_SECONDS

    # Before it has begun to start them, it ends like any process.
    assert server.process.returncode in (0, -signal.SIGTERM)


@with_files_of_its_own
@pytest.mark.parametrize("is_loading", [False, True])
def test_workers_that_still_start_end_with_it(migrated: Path, is_loading: bool) -> None:
    with serve_production(migrated, workers=2) as server:
        if is_loading:
            wait_until(lambda: len(list((migrated / FOLDER).glob("*.box"))) > 1)  # its own, and that of a worker
        server.stop(signal.SIGKILL)
        started = time.monotonic()
        wait_until(lambda: not has_processes(server))

    assert time.monotonic() - started < LONGEST_SECONDS


def has_processes(server: Server) -> bool:
    """Whether anything of the server is left."""
    try:
        os.killpg(server.process.pid, 0)
    except ProcessLookupError:
        return False
    return True


@with_files_of_its_own
def test_its_workers_end_when_it_is_killed(migrated: Path) -> None:
    with serve_production(migrated, workers=2) as server:
        assert Client(server.url).get("/readyz").status == 200
        server.stop(signal.SIGKILL)
        wait_until(lambda: not is_listening(server))


@with_files_of_its_own
def test_it_changes_nothing_in_the_database(tmp_path: Path) -> None:
    with serve_production(tmp_path, workers=1) as server:
        assert Client(server.url).get("/readyz").status == 503


@with_files_of_its_own
@pytest.mark.parametrize("workers", ["0", "-1", "many", "257"])
def test_a_number_of_workers_that_can_not_be_is_refused(workers: str) -> None:
    with pytest.raises(CommandError, match="a whole number from 1 to 256"):
        call_command("serve", f"--workers={workers}")


@with_files_of_its_own
@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(CommandError, match="a whole number from 0 to 65535"):
        call_command("serve", f"--port={port}")


@one_database_is_enough
def test_workers_are_replaced_when_they_die_and_by_those_that_start_only(
    deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "webnet.env"
    file.write_text("WEBNET_PLUGINS=\n")
    deployment.changes.pop("WEBNET_PLUGINS")

    with deployment.serve(workers=2, WEBNET_ENV_FILE=str(file)) as server:
        wait_until(lambda: len(read_processes(deployment)) == 2)
        first = read_processes(deployment)
        assert "errors" in deployment.ask(server, "{ tide }")

        file.write_text("WEBNET_PLUGINS=tide\nWEBNET_THREADS=none\n")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("the old ones keep running")
        assert read_processes(deployment) == first

        file.write_text("WEBNET_PLUGINS=tide\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(read_processes(deployment)) == 2 and not first & read_processes(deployment))
        assert deployment.ask(server, "{ tide }") == {"data": {"tide": "high"}}

        killed, kept = sorted(read_processes(deployment))
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(read_processes(deployment) - {killed}) == 2)
        assert kept in read_processes(deployment)
        assert deployment.ask(server, "{ tide }") == {"data": {"tide": "high"}}
