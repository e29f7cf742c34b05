"""One port for streams and requests, over real HTTP, on both servers that webnet is meant to run on."""

import http.client
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import Server, serve_application

pytestmark = with_files_of_its_own

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module", params=["uvicorn", "granian"])
def server(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Server]:
    """The split with a single thread."""
    with serve_application(request.param, "tests.server.probe_app:application", data_dir) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Client:
    """A client of a server that remembers no body yet."""
    client = Client(server.url)
    client.send("DELETE", "/remember/")
    return client


@pytest.fixture
def held_thread(client: Client, data_dir: Path) -> Iterator[Callable[[], None]]:
    """The only thread for writes is taken by a request until this is called."""
    gate = data_dir / "gate"
    os.mkfifo(gate)
    holder = Thread(target=client.send, args=("POST", "/hold/"))
    holder.start()
    opened = gate.open("wb")  # waits until the view has opened the other end, so the thread is taken
    yield opened.close
    opened.close()
    holder.join()
    gate.unlink()


def open_connection(server: Server, *, method: str, path: str, headers: dict[str, str]) -> socket.socket:
    """A connection on which the head of a request was sent."""
    connection = socket.create_connection((server.host, server.port), timeout=30)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {server.host}:{server.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def pass_barrier(client: Client) -> None:
    """A stream's request needs no thread: once it is answered, the server has seen all that came before it."""
    assert client.get("/graphql/report/", **STREAM).status == 200


def test_requests_go_to_the_wsgi_handler_on_a_thread_that_stays(client: Client) -> None:
    first, second = client.get("/report/").json(), client.get("/report/").json()

    assert first["handler"] == "PlainWSGIRequest"
    assert first["thread"] == second["thread"]


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json, Text/Event-Stream;q=0.9"])
def test_who_accepts_an_event_stream_gets_the_asgi_handler_of_graphql_alone(client: Client, accept: str) -> None:
    assert client.get("/graphql/report/", Accept=accept).json()["handler"] == "PlainASGIRequest"
    assert client.get("/report/", Accept=accept).json()["handler"] == "PlainWSGIRequest"


def test_a_thread_keeps_its_database_connection(client: Client) -> None:
    client.get("/connect/")
    client.get("/connect/")

    first, second = client.get("/report/").json()["connections"]
    assert first is not None
    assert first == second


def test_streams_and_reads_are_served_while_writes_wait(held_thread: Callable[[], None], client: Client) -> None:
    assert client.get("/graphql/report/", **STREAM).status == 200
    assert client.get("/report/").status == 200


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
def test_a_posted_body_arrives_whole(client: Client, size: int) -> None:
    answer = client.send("POST", "/remember/", body=b"x" * size, headers={"Content-Type": "text/plain"})

    assert (answer.status == 413) if size > 2_621_440 else (answer.json() == {"length": size})


def test_a_body_without_a_length_arrives_whole(server: Server) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)

    connection.request("POST", "/remember/", body=iter([b"first ", b"second"]), encode_chunked=True)
    answer = connection.getresponse().read()
    connection.close()

    assert answer == b'{"length": 12}'


def test_a_client_that_leaves_while_it_waits_for_a_thread_runs_nothing(
    server: Server, client: Client, held_thread: Callable[[], None]
) -> None:
    leaving, staying = (
        open_connection(server, method="POST", path="/remember/", headers={"Content-Length": str(len(word))})
        for word in ("gone", "stayed")
    )
    leaving.sendall(b"gone")
    staying.sendall(b"stayed")
    pass_barrier(client)

    leaving.close()
    pass_barrier(client)
    held_thread()

    assert staying.recv(64).startswith(b"HTTP/1.1 200")
    staying.close()
    assert client.get("/report/").json()["bodies"] == ["stayed"]


def test_a_client_that_leaves_within_its_body_runs_nothing(server: Server, client: Client) -> None:
    leaving = open_connection(server, method="POST", path="/remember/", headers={"Content-Length": "100"})
    leaving.sendall(b"a part")
    pass_barrier(client)

    leaving.close()
    pass_barrier(client)

    assert client.get("/report/").json()["bodies"] == []


def test_a_slow_upload_keeps_no_thread(server: Server, client: Client) -> None:
    slow = open_connection(server, method="POST", path="/remember/", headers={"Content-Length": "100"})
    slow.sendall(b"a part")

    assert client.get("/report/").status == 200
    slow.close()


def test_a_client_that_reads_nothing_keeps_no_thread(server: Server, client: Client) -> None:
    slow = open_connection(server, method="GET", path="/pieces/", headers={})
    slow.recv(1)

    assert client.get("/report/").status == 200
    slow.close()


def test_a_header_with_an_underscore_can_not_pass_for_a_trusted_one(client: Client) -> None:
    report = client.get("/report/", X_Forwarded_Proto="https").json()

    assert report["forwarded"] is None


def test_a_websocket_is_refused(server: Server) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    connection = open_connection(
        server, method="GET", path="/report/", headers={**upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    )

    status_line = connection.recv(64).split(b"\r\n")[0]
    connection.close()

    assert b" 101 " not in status_line
