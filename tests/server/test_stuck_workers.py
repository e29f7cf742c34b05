"""A plugin hangs in a worker of `manage.py serve`: it is paused, the worker replaced, and all others are served."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.databases import one_database_is_enough
from tests.server.production import Deployment, make_deployment
from tests.servers import START_SECONDS, Server

DEADLINE_SECONDS = 2
# Between requests that only look whether a worker is there yet: it needs the processor itself to start.
PAUSE_SECONDS = 0.05

SCHEMA = """
    import os
    from threading import Event

    from webnet.sdk import graphql


    @graphql.type
    class Queries:
        @graphql.field
        def tide(self, info: graphql.Info) -> int:
            return os.getpid()

        @graphql.field
        def stalled_tide(self, info: graphql.Info) -> int:
            Event().wait()
            return 0
"""


@pytest.fixture
def deployment(tmp_path) -> Iterator[Deployment]:
    with make_deployment(tmp_path, schema=SCHEMA) as deployment:
        yield deployment


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.host, server.port, timeout=2 * START_SECONDS)


def send(
    connection: http.client.HTTPConnection, deployment: Deployment, query: str, *, view: str = "acme", **headers: str
) -> None:
    sent = {"Authorization": f"Bearer {deployment.token}", "Content-Type": "application/json", **headers}
    connection.request("POST", f"/graphql/{view}/", json.dumps({"query": query}), sent)


def find_end(connection: http.client.HTTPConnection) -> str:
    """What became of the request."""
    try:
        return f"answered {connection.getresponse().status}"
    except http.client.RemoteDisconnected:
        return "cut off"
    finally:
        connection.close()


def stall(
    server: Server, deployment: Deployment, query: str = "{ stalledTide }", *, view: str = "acme", **headers: str
) -> str:
    """Ask what is never answered; what became of the request."""
    connection = connect(server)
    send(connection, deployment, query, view=view, **headers)
    return find_end(connection)


def connect_to_each(server: Server, deployment: Deployment, count: int) -> dict[int, http.client.HTTPConnection]:
    """A connection to each of as many workers."""
    found: dict[int, http.client.HTTPConnection] = {}
    deadline = time.monotonic() + START_SECONDS
    while len(found) < count:
        assert time.monotonic() < deadline, found
        connection = connect(server)
        send(connection, deployment, "{ tide }")
        process = json.loads(connection.getresponse().read())["data"]["tide"]
        found.setdefault(process, connection)
        if found[process] is not connection:
            connection.close()
    return found


def find_process(server: Server, deployment: Deployment) -> int:
    """The worker that answers, asked by the customer whom nothing ails."""
    return deployment.ask(server, "{ tide }", view="globex")["data"]["tide"]


def find_processes(server: Server, deployment: Deployment, count: int, *, besides: set[int] = frozenset()) -> set[int]:
    """As many workers as that; each request on the way is answered."""
    deadline = time.monotonic() + DEADLINE_SECONDS + START_SECONDS
    found: set[int] = set()
    while len(found - besides) < count:
        assert time.monotonic() < deadline, found
        found.add(find_process(server, deployment))
        time.sleep(PAUSE_SECONDS)
    return found - besides


def read_actions(deployment: Deployment, customer: str) -> list[str]:
    """What was done to the plugin for the customer, in order."""
    rows = deployment.read(
        "SELECT action, customer_slug FROM plugins_pluginauditlog WHERE plugin_name = 'tide' ORDER BY position"
    )
    return [action for action, slug in rows if slug == customer]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@one_database_is_enough
def test_a_worker_that_hangs_in_a_plugin_is_replaced_and_the_plugin_paused_for_its_customer(
    deployment: Deployment,
) -> None:
    with deployment.serve(WEBNET_REQUEST_DEADLINE=str(DEADLINE_SECONDS)) as server, ThreadPoolExecutor(1) as pool:
        workers = find_processes(server, deployment, 2)

        stalled = pool.submit(stall, server, deployment)
        (replacement,) = find_processes(server, deployment, 1, besides=workers)

        assert stalled.result(timeout=START_SECONDS) == "cut off"
        assert replacement not in workers
        wait_until(lambda: len([process for process in workers if is_alive(process)]) == 1)
        assert "tide" not in json.dumps(deployment.ask(server, "{ __schema { queryType { fields { name } } } }"))
        assert find_process(server, deployment)
    (row,) = deployment.read(
        "SELECT actor_name, customer_slug, reason FROM plugins_pluginauditlog WHERE action = 'pause_plugin'"
    )
    assert row == ("watchdog", "acme", "A request hung in it for more than 2 seconds.")


@one_database_is_enough
def test_so_it_is_where_streams_are_opened(deployment: Deployment) -> None:
    with deployment.serve(WEBNET_REQUEST_DEADLINE=str(DEADLINE_SECONDS)) as server:
        assert stall(server, deployment, Accept="text/event-stream") == "cut off"
        assert find_process(server, deployment)

    assert read_actions(deployment, "acme") == ["enable_customer_plugin", "pause_plugin"]


@one_database_is_enough
def test_a_request_that_waits_behind_one_that_hangs_is_answered(deployment: Deployment) -> None:
    limits = {"WEBNET_REQUEST_DEADLINE": str(DEADLINE_SECONDS), "WEBNET_THREADS": "1"}
    with deployment.serve(workers=1, **limits) as server, ThreadPoolExecutor(1) as pool:
        find_process(server, deployment)

        stalled = pool.submit(stall, server, deployment)
        answered = [find_process(server, deployment) for _ in range(3)]

        assert all(answered)
        assert stalled.result(timeout=START_SECONDS) == "cut off"


@one_database_is_enough
def test_workers_that_hang_at_the_same_time_are_replaced_one_by_one_while_others_serve(deployment: Deployment) -> None:
    with deployment.serve(WEBNET_REQUEST_DEADLINE=str(DEADLINE_SECONDS)) as server:
        stalled = connect_to_each(server, deployment, 2)
        for connection in stalled.values():
            send(connection, deployment, "{ stalledTide }")

        first = find_processes(server, deployment, 1, besides=set(stalled))

        assert any(is_alive(process) for process in stalled)
        assert find_processes(server, deployment, 1, besides={*stalled, *first})
        assert [find_end(connection) for connection in stalled.values()] == ["cut off", "cut off"]


def test_a_hook_that_hangs_with_a_lock_is_undone_and_its_plugin_paused_by_the_next_worker(
    deployment: Deployment,
) -> None:
    enable = 'mutation { enableCustomerPlugin(input: {customer: "globex", plugin: "tide"}) { __typename } }'
    deployment.run(
        "from django.core.management import call_command as c; c('disable_plugin', 'tide', customer='globex')"
    )
    (deployment.plugins / "tide" / "stall").touch()

    with deployment.serve(workers=1, WEBNET_REQUEST_DEADLINE=str(DEADLINE_SECONDS)) as server:
        assert stall(server, deployment, enable, view="globex") == "cut off"
        assert deployment.ask(server, "{ tide }", view="acme")["data"]["tide"]
        wait_until(lambda: read_actions(deployment, "globex")[-1] == "pause_plugin")

    assert read_actions(deployment, "globex") == ["enable_customer_plugin", "disable_customer_plugin", "pause_plugin"]


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
