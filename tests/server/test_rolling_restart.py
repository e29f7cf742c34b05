"""`manage.py serve`: a plugin is upgraded and the workers are replaced, while clients go on asking."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from benchmarks.restarted_streams import Switch, measure
from tests.events.streams import StreamClient
from tests.node import install_clients, start_client
from tests.server.production import Deployment, make_deployment
from tests.servers import START_SECONDS, Server

CLIENTS = 4
STREAMS = 50
# Far less than how long a restart takes; some half a second where nothing else is going on.
LATEST_SECONDS = 10
PAUSE_SECONDS = 0.02
# How long clients in Node.js follow before they give up.
LIMIT_SECONDS = 240
NODE_CLIENTS = ("follow.mjs", "follow_with_urql.mjs")
BEFORE, LAST = "before the restart", "the end of this test"
FOLLOW = """subscription($after: String) { pluginEvents(after: $after,
  filter: { action: ["enable_customer_plugin", "disable_customer_plugin"] }) { cursor node { reason } } }"""

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


@pytest.fixture(scope="module")
def node_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("node"))


def start_node_clients(server: Server, deployment: Deployment, folder: Path) -> list[subprocess.Popen[str]]:
    """Clients that follow globex from now on, with nothing of their own but their libraries' retries."""
    newest = deployment.ask(server, "{ pluginAuditLogs(first: 1) { edges { cursor } } }", view="globex")
    options = {
        "url": f"{server.url}/graphql/globex/",
        "token": deployment.token,
        "query": FOLLOW,
        "variables": {"after": newest["data"]["pluginAuditLogs"]["edges"][0]["cursor"]},
        "lastReason": LAST,
        "retryAttempts": 5,
        "limitSeconds": LIMIT_SECONDS,
    }
    started = [start_client(folder, script, **options) for script in NODE_CLIENTS]
    for name in ("disable", "enable"):
        switch(server, deployment, name, reason=BEFORE)
    for process in started:
        assert [read_reason(process.stdout.readline()) for _ in range(2)] == [BEFORE, BEFORE]
    return started


def switch(server: Server, deployment: Deployment, name: str, *, reason: str) -> None:
    client = StreamClient(server, deployment.token)
    client.mutate(f"{name}CustomerPlugin", customer="globex", plugin="tide", reason=reason)


def read_to_end(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=2 * LIMIT_SECONDS)  # it ends by itself before
    return [read_reason(line) for line in output.splitlines() if line != '"complete"']


def read_reason(line: str) -> str:
    return json.loads(line)["data"]["pluginEvents"]["node"]["reason"]


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


def test_an_upgrade_and_a_rolling_restart_fail_no_request_and_then_the_new_code_answers(
    deployment: Deployment, node_clients: Path
) -> None:
    ended = Event()

    with deployment.serve(workers=2) as server, ThreadPoolExecutor(CLIENTS) as pool:
        wait_for_versions(deployment, ["1.0", "1.0"])
        try:
            asking = [pool.submit(ask_until, server, deployment, ended, is_kept=bool(n % 2)) for n in range(CLIENTS)]
            deployment.write_plugin("1.1.0", SCHEMA.replace("ANSWER", "renewed"))
            deployment.run("from django.core.management import call_command; call_command('sync_plugins')")
            # Meanwhile others follow the log of another customer.
            following = start_node_clients(server, deployment, node_clients)
            switches = Switch(server, deployment.token, "globex", "tide")
            followed = asyncio.run(asyncio.wait_for(measure(server, [deployment.token] * STREAMS, switches), 300))
            wait_for_versions(deployment, ["1.1.0", "1.1.0"])
            switch(server, deployment, "enable" if followed.events % 2 else "disable", reason=LAST)
            reasons = [read_to_end(process) for process in following]
        finally:
            ended.set()
        found = [answer for each in asking for answer in each.result(timeout=60)]
        afterwards = {deployment.ask(server, "{ tide }")["data"]["tide"] for _ in range(40)}

    assert followed.lost == []
    assert reasons == [[*map(str, range(followed.events)), LAST]] * len(NODE_CLIENTS)
    assert followed.latest_seconds[-1] < LATEST_SECONDS
    assert set(found) == {"old", "renewed"}
    assert afterwards == {"renewed"}
