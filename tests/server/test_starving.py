"""What takes its time keeps no thread of others: pages that never end, and writes that wait for a lock."""

from __future__ import annotations

import http.client
import json
import select
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

import psycopg
import pytest

from tests.browsing import Client
from tests.databases import make_database, one_database_is_enough
from tests.servers import ROOT, START_SECONDS, Server, run_command, serve_application, serve_production

CUSTOMERS = ("acme", "globex", "initech", "hooli")
PREPARE = f"""
from django.conf import settings
from django.core.management import call_command as call
from django.test import Client
from webnet.customers.models import User
call("migrate", verbosity=0)
call("sync_plugins")
call("enable_plugin", "dripping")
call("create_user", "vera", operator=True)
for slug in {CUSTOMERS}:
    call("create_customer", slug)
    call("enable_plugin", "dripping", customer=slug)
call("create_token", "vera", "tests")
call("create_token", "vera", "never used")
browser = Client()
browser.force_login(User.objects.get(username="vera"))
print("session", browser.cookies[settings.SESSION_COOKIE_NAME].value)
"""
DEADLINE_SECONDS = 2
MOST_PER_WORKER = 4
WRITE = 'mutation {{ enablePlugin(input: {{plugin: "dripping", reason: "{}"}}) {{ __typename }} }}'


@dataclass(frozen=True)
class House:
    """A prepared database, and the credentials of somebody who may do anything."""

    data_dir: Path
    changes: dict[str, str]
    token: str
    unused_token: str
    session: str

    def ask(self, server: Server, query: str, *, token: str = "") -> http.client.HTTPConnection:
        """Send the query; the response is still to be read."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(server.host, server.port, timeout=START_SECONDS)
        connection.request("POST", "/graphql/", json.dumps({"query": query}), headers)
        return connection

    def open_page(self, server: Server, page: str, *, customer: str = "acme") -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=START_SECONDS)
        cookie = {"Cookie": f"sessionid={self.session}"}
        connection.request("GET", f"/c/{customer}/plugins/dripping/{page}/", headers=cookie)
        return connection

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else holds the locks that every change needs."""
        url = self.changes.get("DATABASE_URL")
        if url is None:
            file = sqlite3.connect(self.data_dir / "webnet.sqlite3", isolation_level=None)
            with closing(file):
                file.execute("BEGIN IMMEDIATE")
                yield
        else:
            with psycopg.connect(url) as database:
                database.execute("SELECT 1 FROM plugins_generation FOR UPDATE")
                # A sign-in that fails changes nothing but the log.
                database.execute("SELECT 1 FROM plugins_audithead FOR UPDATE")
                yield


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data_dir = tmp_path_factory.mktemp("house")
    with make_database() as database:
        changes = {
            **database,
            "PYTHONPATH": f"{ROOT / 'tests' / 'bad_plugins'}:{ROOT}",
            "WEBNET_PLUGINS": "dripping",
            "WEBNET_DEBUG": "0",
            "WEBNET_ALLOWED_HOSTS": "127.0.0.1",
            "WEBNET_HTTPS": "0",
            "WEBNET_REQUEST_DEADLINE": str(DEADLINE_SECONDS),
        }
        done = run_command("shell", "-v0", "-c", PREPARE, data_dir=data_dir, **changes)
        assert done.returncode == 0, done.stderr
        words = done.stdout.split()
        token, unused = (word for word in words if word.startswith("wn_"))
        yield House(data_dir, changes, token, unused, session=words[words.index("session") + 1])


@pytest.fixture(scope="module")
def impatient(house: House) -> Iterator[Server]:
    """One process with two threads each for reads and writes, and little patience."""
    application = "tests.server.impatient_app:application"
    with serve_application("uvicorn", application, house.data_dir, **house.changes) as server:
        yield server


@pytest.fixture(scope="module")
def workers(house: House) -> Iterator[Server]:
    """Two workers with a single thread each."""
    with serve_production(house.data_dir, workers=2, **house.changes, WEBNET_THREADS="1") as server:
        yield server


def read_answer(connection: http.client.HTTPConnection) -> tuple[int, dict, dict]:
    """Status, headers and JSON of what was asked."""
    with closing(connection):
        response = connection.getresponse()
        return response.status, {name.lower(): text for name, text in response.headers.items()}, json.load(response)


def assert_others_are_served(house: House, server: Server, *, token: str = "") -> None:
    for _ in range(4):
        assert read_answer(house.ask(server, "{ viewer { user { username } } }", token=token))[2]["data"]["viewer"]


def open_sign_in(server: Server) -> http.client.HTTPConnection:
    """Somebody who signs in with a form, as a browser does."""
    visitor = Client(server.url)
    visitor.get("/sign-in/")
    form = {"csrfmiddlewaretoken": visitor.csrf_token, "username": "vera", "password": "wrong"}
    headers = {"Cookie": f"csrftoken={visitor.csrf_token}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection(server.host, server.port, timeout=START_SECONDS)
    connection.request("POST", "/sign-in/", urlencode(form), headers)
    return connection


def have_answers(connections: list[http.client.HTTPConnection]) -> bool:
    """Whether any of them has something to read."""
    return bool(select.select([connection.sock for connection in connections], [], [], 0)[0])


def wait_until_paused(house: House, server: Server, customer: str) -> None:
    """The page is no longer there for the customer, once the watchdog has paused the plugin."""
    deadline = monotonic() + START_SECONDS
    while True:
        with closing(house.open_page(server, "fail", customer=customer)) as connection:
            if connection.getresponse().status == 404:
                return
        assert monotonic() < deadline
        sleep(0.1)


@one_database_is_enough
def test_twelve_pages_that_drip_for_ever_delay_nobody_and_end_with_their_clients(house: House, workers: Server) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(house.open_page(workers, "drip"))) for _ in range(12)]
        responses = [connection.getresponse() for connection in opened]
        dripping = [response for response in responses if response.status == 200]
        refused = [response for response in responses if response.status == 429]

        assert len(dripping) + len(refused) == 12 and len(dripping) <= 2 * MOST_PER_WORKER
        assert [response.readline() for response in dripping for _ in range(2)] == [b"drip\n"] * 2 * len(dripping)
        assert {response.getheader("Retry-After") for response in refused} == {"10"}
        assert {b"streams 4 pages already" in response.read() for response in refused} == {True}
        assert_others_are_served(house, workers)
    printed = [workers.wait_for("drip was closed") for _ in dripping]
    assert "was ended" not in "".join(printed)

    with closing(house.open_page(workers, "drip")) as again:
        assert again.getresponse().readline() == b"drip\n"
    workers.wait_for("drip was closed")


@one_database_is_enough
@pytest.mark.parametrize("kind", ["impatient", "workers"])
def test_an_asynchronous_page_is_streamed_and_ends_with_its_client(
    house: House, kind: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(kind)

    with closing(house.open_page(server, "async_drip")) as connection:
        response = connection.getresponse()
        assert [response.readline() for _ in range(3)] == [b"drip\n"] * 3

    assert "was ended" not in server.wait_for("async_drip was closed")


@one_database_is_enough
@pytest.mark.parametrize("page", ["drip", "async_drip"])
def test_a_page_that_never_ends_is_cut_off_at_its_deadline_and_named(
    house: House, impatient: Server, page: str
) -> None:
    with closing(house.open_page(impatient, page)) as connection, pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()

    impatient.wait_for(f"Plugin 'dripping' for 'acme': its page '{page}' was ended, since it was open for 4 seconds.")
    impatient.wait_for(f"{page} was closed")


@one_database_is_enough
@pytest.mark.parametrize(("page", "customer"), [("hang", "globex"), ("async_hang", "initech")])
def test_a_page_whose_next_piece_never_comes_is_cut_off_and_its_plugin_paused(
    house: House, impatient: Server, page: str, customer: str
) -> None:
    with (
        closing(house.open_page(impatient, page, customer=customer)) as connection,
        pytest.raises(http.client.IncompleteRead),
    ):
        connection.getresponse().read()

    impatient.wait_for(f"its page '{page}' was ended, since it sent nothing for {DEADLINE_SECONDS} seconds.")
    wait_until_paused(house, impatient, customer)


@pytest.mark.parametrize(("page", "reason"), [("fail", "SystemExit"), ("lock", "ConnectionLeftDirty")])
def test_a_page_that_fails_halfway_is_cut_off_and_named(
    house: House, impatient: Server, page: str, reason: str
) -> None:
    with (
        closing(house.open_page(impatient, page, customer="hooli")) as connection,
        pytest.raises(http.client.IncompleteRead),
    ):
        connection.getresponse().read()

    line = impatient.wait_for(f"Plugin 'dripping' for 'hooli': its page '{page}' failed while it was streamed.")
    assert reason in line


def test_ten_writes_that_wait_for_a_lock_delay_no_read_and_are_refused_after_a_while(
    house: House, impatient: Server
) -> None:
    with ExitStack() as stack, house.locked():
        writes = [house.ask(impatient, WRITE.format(number)) for number in range(10)]
        sign_in = stack.enter_context(closing(open_sign_in(impatient)))
        assert_others_are_served(house, impatient, token=house.unused_token)  # Its use would be stored.
        assert not have_answers(writes)

        refused = [read_answer(write) for write in writes]
        page = sign_in.getresponse()

    assert {status for status, _, _ in refused} == {503}
    assert {headers["retry-after"] for _, headers, _ in refused} == {"5"}
    extensions = [body["errors"][0]["extensions"] for _, _, body in refused]
    assert {(each["code"], each["retryAfterSeconds"]) for each in extensions} == {("DATABASE_BUSY", 5)}
    assert (page.status, page.getheader("Retry-After")) == (503, "5")
    status, _, body = read_answer(house.ask(impatient, WRITE.format("afterwards")))
    assert (status, body["data"]["enablePlugin"]["__typename"]) == (200, "EnablePluginPayload")
