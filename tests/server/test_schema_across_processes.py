"""Two server processes on one database: every answer is given by the schema of its customer at that moment."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

import pytest

from tests.databases import make_database
from tests.servers import ROOT, Server, run_command, serve_application

PARALLEL_REQUESTS = 100
TOGGLES = 12
REQUESTS_PER_TOGGLE = 20
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
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """The data folder and the environment that all servers have."""
    with make_database() as database:
        yield tmp_path_factory.mktemp("shared"), PLUGINS | database


@pytest.fixture(scope="module")
def world(deployment: tuple[Path, dict[str, str]]) -> Iterator[tuple[list[Server], Client]]:
    """Two servers; the shelf is on for acme, off for globex, and may be toggled for initech."""
    data_dir, changes = deployment
    with ExitStack() as stack:
        token = _prepare(data_dir, changes)
        # Forks have the same order of sets; nobody's answers may depend on it, so one of the two is no fork.
        servers = [
            stack.enter_context(
                serve_application("uvicorn", "webnet.asgi:application", data_dir, is_cold=is_cold, **changes)
            )
            for is_cold in (False, True)
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

    with ThreadPoolExecutor(PARALLEL_REQUESTS + 1) as pool:
        toggling = pool.submit(toggle)
        wrong = [number for number, right in enumerate(pool.map(ask, range(PARALLEL_REQUESTS))) if not right]
        toggling.result(timeout=60)

    assert wrong == []


class Obedience:
    """Toggles the shelf, for globex or for everybody, and counts answers that still go by what was before."""

    def __init__(self, servers: list[Server], client: Client) -> None:
        self.servers, self.client = servers, client
        self.is_on = {"globex": False, "everybody": True}
        self.requests = self.stale = 0

    def toggle(self, number: int) -> None:
        """Through one process, in turns."""
        whom = "globex" if number % 4 in (0, 3) else "everybody"
        self.is_on[whom] = not self.is_on[whom]
        verb, customer = "enable" if self.is_on[whom] else "disable", whom if whom == "globex" else ""
        field = f"{verb}CustomerPlugin" if customer else f"{verb}Plugin"
        named = f'customer: "{customer}", ' if customer else ""
        mutation = f'mutation {{ {field}(input: {{{named}plugin: "shelf"}}) {{ ... on Refusal {{ message }} }} }}'
        answer = self.client.run(self.servers[number % 2], customer if customer else "acme", mutation)
        assert answer == {"data": {field: {}}}, answer

    def ask_all(self, number: int, pool: ThreadPoolExecutor) -> None:
        """At once at all processes, most of them at those that did not make the change."""
        order = [self.servers[(number + 1) % 2], *self.servers]
        asked = [(order[each % len(order)], ("acme", "globex")[each % 2]) for each in range(REQUESTS_PER_TOGGLE)]
        found = pool.map(lambda each: _has_shelves(self.client.run(*each, "{ shelves { name } }")), asked)
        for (_, view), has_shelves in zip(asked, found, strict=True):
            self.requests += 1
            self.stale += has_shelves is not (self.is_on["everybody"] and (view == "acme" or self.is_on["globex"]))


def test_after_50_toggles_none_of_1000_requests_to_either_process_is_stale(world):
    servers, client = world
    obedience = Obedience(servers, client)

    with ThreadPoolExecutor(4) as pool:
        for number in range(50):
            obedience.toggle(number)
            obedience.ask_all(number, pool)
    assert (obedience.requests, obedience.stale) == (1_000, 0)
    _restore(obedience)


def test_a_process_that_keeps_what_it_has_derived_is_found_out(world, deployment):
    """The negative control of the test above: one more process, in which the tokens do not count."""
    (servers, client), (data_dir, changes) = world, deployment
    name = "tests.server.stale_application:application"

    with serve_application("uvicorn", name, data_dir, **changes) as stale, ThreadPoolExecutor(4) as pool:
        obedience = Obedience(servers, client)
        for number in range(4):
            obedience.toggle(number)
            obedience.servers = [*servers, stale]
            obedience.ask_all(number, pool)

    assert obedience.stale > 0
    obedience.servers = servers
    _restore(obedience)


def _restore(obedience: Obedience) -> None:
    """As the fixture has made it."""
    if not obedience.is_on["everybody"]:
        obedience.toggle(1)
    if obedience.is_on["globex"]:
        obedience.toggle(0)
