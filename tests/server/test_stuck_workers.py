"""A plugin hangs in a worker of `manage.py serve`: it is paused, the worker replaced, and all others are served."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.server.production import House, make_house
from tests.servers import START_SECONDS, Server

DEADLINE_SECONDS = 2

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
def house(tmp_path) -> Iterator[House]:
    with make_house(tmp_path, schema=SCHEMA) as house:
        yield house


def stall(server: Server, house: House, view: str = "graphql/acme") -> str:
    """Ask what never comes; what became of the request."""
    headers = {"Authorization": f"Bearer {house.token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(server.host, server.port, timeout=2 * START_SECONDS)
    connection.request("POST", f"/{view}/", json.dumps({"query": "{ stalledTide }"}), headers)
    try:
        return f"answered {connection.getresponse().status}"
    except http.client.RemoteDisconnected:
        return "cut off"
    finally:
        connection.close()


def find_process(server: Server, house: House) -> int:
    """The worker that answers, asked by the customer whom nothing ails."""
    return house.ask(server, "{ tide }", view="globex")["data"]["tide"]


def find_processes(server: Server, house: House, count: int, *, besides: set[int] = frozenset()) -> set[int]:
    """As many workers as that; each request on the way is answered."""
    deadline = time.monotonic() + DEADLINE_SECONDS + START_SECONDS
    found: set[int] = set()
    while len(found - besides) < count:
        assert time.monotonic() < deadline, found
        found.add(find_process(server, house))
    return found - besides


def test_a_worker_that_hangs_in_a_plugin_is_replaced_and_the_plugin_paused_for_its_customer(house: House) -> None:
    with house.serve(WEBNET_REQUEST_DEADLINE=str(DEADLINE_SECONDS)) as server, ThreadPoolExecutor(1) as pool:
        workers = find_processes(server, house, 2)

        stalled = pool.submit(stall, server, house)
        (replacement,) = find_processes(server, house, 1, besides=workers)

        assert stalled.result(timeout=START_SECONDS) == "cut off"
        assert replacement not in workers
        assert len([process for process in workers if is_alive(process)]) == 1
        assert "tide" not in json.dumps(house.ask(server, "{ __schema { queryType { fields { name } } } }"))
        assert find_process(server, house)
    (row,) = house.read(
        "SELECT actor_name, customer_slug, reason FROM plugins_pluginauditlog WHERE action = 'pause_plugin'"
    )
    assert row == ("watchdog", "acme", "A request hung in it for more than 2 seconds.")


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
