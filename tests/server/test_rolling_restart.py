"""`manage.py serve`: a plugin is upgraded and the workers are replaced, while clients go on asking."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from benchmarks.restarted_streams import Switch, measure
from tests.server.production import Deployment, make_deployment
from tests.servers import START_SECONDS, Server

CLIENTS = 4
STREAMS = 50
# Far less than how long a restart takes; some half a second where nothing else is going on.
LATEST_SECONDS = 10
PAUSE_SECONDS = 0.02

SCHEMA = """
    from webnet.sdk import graphql


    @graphql.type
    class Queries:
        @graphql.field
        def tide(self, info: graphql.Info) -> str:
            return "ANSWER"
"""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with make_deployment(tmp_path_factory.mktemp("deployment"), schema=SCHEMA.replace("ANSWER", "old")) as deployment:
        yield deployment


def ask_until(server: Server, deployment: Deployment, ended: Event, *, is_kept: bool) -> list[str]:
    """What came of each request: an answer of the plugin's, or what went wrong."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    found = []
    while not ended.wait(PAUSE_SECONDS):
        found.append(ask_once(connection, deployment.token))
        if not is_kept:
            connection.close()
    connection.close()
    return found


def ask_once(connection: http.client.HTTPConnection, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/graphql/acme/", json.dumps({"query": "{ tide }"}), headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return repr(error)
    try:
        return json.loads(body)["data"]["tide"]
    except (ValueError, LookupError, TypeError):
        return f"{answer.status} {body!r}"


def wait_for_versions(deployment: Deployment, expected: list[str]) -> None:
    deadline = time.monotonic() + 2 * START_SECONDS
    while (found := deployment.read_versions()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_an_upgrade_and_a_rolling_restart_fail_no_request_and_then_the_new_code_answers(deployment: Deployment) -> None:
    ended = Event()

    with deployment.serve(workers=2) as server, ThreadPoolExecutor(CLIENTS) as pool:
        wait_for_versions(deployment, ["1.0", "1.0"])
        try:
            asking = [pool.submit(ask_until, server, deployment, ended, is_kept=bool(n % 2)) for n in range(CLIENTS)]
            deployment.write_plugin("1.1.0", SCHEMA.replace("ANSWER", "renewed"))
            deployment.run("from django.core.management import call_command; call_command('sync_plugins')")
            # Meanwhile others follow the log of another customer.
            switch = Switch(server, deployment.token, "globex", "tide")
            followed = asyncio.run(asyncio.wait_for(measure(server, [deployment.token] * STREAMS, switch), 300))
            wait_for_versions(deployment, ["1.1.0", "1.1.0"])
        finally:
            ended.set()
        found = [answer for each in asking for answer in each.result(timeout=60)]
        afterwards = {deployment.ask(server, "{ tide }")["data"]["tide"] for _ in range(40)}

    assert followed.lost == []
    assert followed.latest_seconds[-1] < LATEST_SECONDS
    assert set(found) == {"old", "renewed"}
    assert afterwards == {"renewed"}
