"""Two server processes on one database: their failures add up, and both obey the pause and its end."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.databases import make_database
from tests.servers import ROOT, START_SECONDS, Server, run_command, serve_application

# As a rule, the first one is enough.
ROUNDS = 5
PLUGINS = {"WEBNET_PLUGINS": "brittle,hello_world", "PYTHONPATH": str(ROOT / "tests" / "sample_plugins")}
PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins")
for slug in ("acme", "globex"):
    call("create_customer", slug)
for name in ("ann", "ben"):
    call("create_user", name)
    call("set_member", "acme", name, "operator")
call("enable_plugin", "brittle")
call("enable_plugin", "brittle", customer="acme")
for name in ("ann", "ben"):
    call("create_token", name, "tests")
"""
END_THE_PAUSE = """
from django.utils import timezone
from webnet.plugins.models import CustomerPluginConfig
print(CustomerPluginConfig.objects.exclude(paused_until=None).update(paused_until=timezone.now()))
"""


class Client:
    """One user with a token, at any of the servers."""

    def __init__(self, token: str) -> None:
        self._token = token

    def run(self, server: Server, query: str) -> dict:
        request = urllib.request.Request(
            f"{server.url}/graphql/acme/",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=START_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def codes(self, server: Server) -> list[str]:
        """Why the plugin is not effective; empty while it is."""
        query = '{ customerPluginConfig(customer: "acme", plugin: "brittle") { ineffectiveCodes } }'
        return self.run(server, query)["data"]["customerPluginConfig"]["ineffectiveCodes"]

    def fail(self, server: Server) -> None:
        (error,) = self.run(server, "{ brittle }")["errors"]
        assert error["extensions"]["code"] == "PLUGIN_FAILED" and error["extensions"]["plugin"] == "brittle"


@pytest.fixture
def world(tmp_path) -> Iterator[tuple[dict[str, str], list[Server], list[Client]]]:
    """The environment, two servers and two users."""
    with ExitStack() as stack:
        changes = PLUGINS | stack.enter_context(make_database())
        done = run_command("shell", "-v0", "-c", PREPARE, data_dir=tmp_path, **changes)
        assert done.returncode == 0, done.stderr
        tokens = [word for word in done.stdout.split() if word.startswith("wn_")]
        servers = [
            stack.enter_context(serve_application("uvicorn", "webnet.asgi:application", tmp_path, **changes))
            for _ in range(2)
        ]
        yield changes, servers, [Client(token) for token in tokens]


def wait_until(client: Client, server: Server, codes: list[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while (found := client.codes(server)) != codes:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_failures_of_two_processes_add_up_and_both_obey_the_pause_and_its_end(world, tmp_path):
    changes, (first, second), (ann, ben) = world

    for _ in range(3):
        ann.fail(first)
    for _ in range(2):
        ben.fail(second)

    for server in (first, second):
        wait_until(ann, server, ["PAUSED"])
        assert ann.run(server, "{ brittle }")["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"

    # One of them counts enough by itself: both obey from the next request on, and nobody waits. Where some failures
    # were stored in between, since the machine is slow, it shows in another round.
    for _ in range(ROUNDS):
        # Nobody tells the servers: one of them finds by itself that the time is over.
        done = run_command("shell", "-v0", "-c", END_THE_PAUSE, data_dir=tmp_path, **changes)
        assert done.stdout.strip().endswith("1"), done.stderr
        for server in (first, second):
            wait_until(ann, server, [])
            ann.fail(server)

        for _ in range(4):
            ann.fail(first)
        ben.fail(first)
        seen = [ann.codes(server) for server in (first, second)]
        if seen == [["PAUSED"], ["PAUSED"]]:
            break
        wait_until(ann, first, ["PAUSED"])
    assert seen == [["PAUSED"], ["PAUSED"]]
