"""Killed servers and a killed Redis lose nothing: a client that resumes by its cursor sees every row once, in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest

from tests.events.conftest import World, make_world
from tests.events.streams import PATIENCE_SECONDS, Stream, StreamClient
from tests.redis_servers import redis

__all__ = ["redis"]

SWITCHES = ["enable_customer_plugin", "disable_customer_plugin"]


@pytest.fixture(scope="module")
def own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that no other server serves."""
    with make_world(tmp_path_factory.mktemp("restarts")) as world:
        with world.serve() as server:
            StreamClient(server, world.tokens["root"]).mutate("enablePlugin", plugin="shelf")
        yield world


def toggle(client: StreamClient, numbers: range) -> None:
    for number in numbers:
        name = "disableCustomerPlugin" if number % 2 else "enableCustomerPlugin"
        assert "code" not in client.mutate(name, customer="acme", plugin="shelf", reason=str(number))


def read(stream: Stream, count: int) -> list[int]:
    return [int(stream.node()["reason"]) for _ in range(count)]


def subscribe(client: StreamClient, after: str | None = None) -> Stream:
    if after is None:
        client.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")  # so that the next is to enable it
    return client.subscribe("acme", filter={"action": SWITCHES}, after=after)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_ends_loses_nothing(own_world, how):
    with own_world.serve() as server:
        client = StreamClient(server, own_world.tokens["root"])
        stream = subscribe(client)
        toggle(client, range(4))
        seen = read(stream, 2)  # two are on their way, or read by nobody
        server.stop(how)
    client.close()
    with own_world.serve() as server:
        again = StreamClient(server, own_world.tokens["root"])
        resumed = subscribe(again, stream.cursors[-1])
        toggle(again, range(4, 6))

        assert seen + read(resumed, 4) == list(range(6))
        again.close()


def test_a_server_that_stops_says_so_and_does_not_wait(own_world):
    with own_world.serve() as server:
        client = StreamClient(server, own_world.tokens["root"])
        stream = subscribe(client)

        stopping = Thread(target=server.stop)
        stopping.start()

        assert stream.cut() == "SERVER_STOPPING"
        started = time.monotonic()
        stopping.join()  # `stop` has a limit
        assert time.monotonic() - started < 8
    client.close()


def test_a_redis_that_is_killed_and_comes_back_loses_nothing(own_world, redis):
    with own_world.serve(REDIS_URL=redis.url) as one, own_world.serve(REDIS_URL=redis.url) as other:
        writer, reader = (StreamClient(each, own_world.tokens["root"]) for each in (one, other))
        stream = subscribe(reader)
        toggle(writer, range(2))
        assert read(stream, 2) == [0, 1]

        redis.kill()
        toggle(writer, range(2, 6))
        assert read(stream, 2) == [2, 3]
        stream.close()  # a client that goes away while Redis is down
        resumed = subscribe(reader, stream.cursors[-1])
        redis.start()
        toggle(writer, range(6, 10))

        assert read(resumed, 6) == list(range(4, 10))
        for each in (writer, reader):
            each.close()


@contextmanager
def written_meanwhile(client: StreamClient, numbers: Iterator[int], enough: Event) -> Iterator[list[int]]:
    """Somebody who toggles on and on, for as long as there is a server; the numbers that were surely written."""
    written: list[int] = []

    def write() -> None:
        with suppress(OSError, ValueError):
            while not enough.is_set():
                number = next(numbers)
                toggle(client, range(number, number + 1))
                written.append(number)

    thread = Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        enough.set()
        thread.join(PATIENCE_SECONDS + 1)  # its last request takes no longer


def test_clients_that_come_and_go_while_it_is_written_see_each_row_once(own_world):
    with own_world.serve() as server:
        client = StreamClient(server, own_world.tokens["root"])
        writer = StreamClient(server, own_world.tokens["root"])
        first = subscribe(client)
        enough, seen = Event(), []
        with written_meanwhile(writer, iter(range(10_000)), enough) as written:
            stream = first
            for _ in range(15):
                seen += read(stream, 3)
                stream.close()
                stream = subscribe(client, stream.cursors[-1])
            enough.set()
        while seen[-1] < written[-1]:
            seen += read(stream, 1)

        assert seen == list(range(len(seen)))
        client.close()
