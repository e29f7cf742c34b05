"""Two server processes on one database: every answer is given by the schema of its customer at that moment."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from threading import Lock

import pytest

from tests.databases import make_database
from tests.servers import ROOT, Server, run_command, serve_application

PARALLEL_REQUESTS = 100
TOGGLES = 12
PLUGINS = {"WEBNET_PLUGINS": "shelf,labels", "PYTHONPATH": str(ROOT / "tests" / "sample_plugins")}


class Client:
    """One user with a token, at any of the servers."""

    def __init__(self, token: str) -> None:
        self._token = token

    def run(self, server: Server, view: str, query: str) -> dict:
        request = urllib.request.Request(
            f"{server.url}/graphql/{view}/",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return json.load(error)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Server], Client]]:
    """Two servers; the shelf is on for acme, off for globex, and may be toggled for initech."""
    data_dir = tmp_path_factory.mktemp("shared")
    with make_database() as database, ExitStack() as stack:
        changes = PLUGINS | database
        token = _prepare(data_dir, changes)
        servers = [
            stack.enter_context(serve_application("uvicorn", "webnet.asgi:application", data_dir, **changes))
            for _ in range(2)
        ]
        yield servers, Client(token)


PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins")
call("create_user", "platform", operator=True)
for slug in ("acme", "globex", "initech"):
    call("create_customer", slug)
call("enable_plugin", "shelf")
call("enable_plugin", "shelf", customer="acme")
call("create_token", "platform", "tests")
"""


def _prepare(data_dir: Path, changes: dict[str, str]) -> str:
    """All in one process, since each start takes seconds; returns the operator's token."""
    done = run_command("shell", "-v0", "-c", PREPARE, data_dir=data_dir, **changes)
    assert done.returncode == 0, done.stderr
    return next(word for word in done.stdout.split() if word.startswith("wn_"))


def _has_shelves(answer: dict) -> bool:
    if "errors" not in answer:
        return "shelves" in answer["data"]
    assert [error["message"] for error in answer["errors"]] == ["Cannot query field 'shelves' on type 'Query'."]
    return False


def test_no_answer_is_given_by_the_wrong_schema(world):
    servers, client = world
    lock = Lock()
    known: dict[str, object] = {"epoch": 0, "is_on": False}

    def toggle() -> int:
        for number in range(TOGGLES):
            field = "disableCustomerPlugin" if number % 2 else "enableCustomerPlugin"
            with lock:
                known["epoch"] = None  # nobody knows what holds while it changes
            mutation = f'mutation {{ {field}(input: {{customer: "initech", plugin: "shelf"}}) {{ __typename }} }}'
            assert "errors" not in client.run(servers[number % 2], "initech", mutation)
            with lock:
                known.update(epoch=number + 1, is_on=not number % 2)
        return 0

    def ask(number: int) -> bool:
        """Whether the answer was right, as far as anybody can say."""
        server, view = servers[number % 2], ("acme", "globex", "initech")[number % 3]
        with lock:
            before = dict(known)
        found = _has_shelves(client.run(server, view, "{ shelves { name } }"))
        with lock:
            is_settled = known["epoch"] is not None and known["epoch"] == before["epoch"]
        if view == "initech":
            return found == before["is_on"] if is_settled else True
        return found == (view == "acme")

    with ThreadPoolExecutor(16) as pool:
        toggling = pool.submit(toggle)
        wrong = [number for number, right in enumerate(pool.map(ask, range(PARALLEL_REQUESTS))) if not right]
        toggling.result(timeout=60)

    assert wrong == []


def test_the_other_process_obeys_on_the_very_next_request(world):
    servers, client = world
    turns = cycle(servers)
    for number in range(10):
        field = "disableCustomerPlugin" if number % 2 else "enableCustomerPlugin"
        here, there = next(turns), next(turns)
        mutation = f'mutation {{ {field}(input: {{customer: "globex", plugin: "shelf"}}) {{ __typename }} }}'
        client.run(here, "globex", mutation)

        assert _has_shelves(client.run(there, "globex", "{ shelves { name } }")) is (number % 2 == 0)
        next(turns)
