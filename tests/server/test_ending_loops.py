"""Plugins whose tasks try to end the event loop: it goes on, or its process is replaced; others are served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.events.streams import Stream, StreamClient
from tests.server.production import Deployment, make_deployment
from tests.servers import START_SECONDS, Server, serve_webnet

SCHEMA = """
    import asyncio
    import os
    import sys
    from collections.abc import AsyncGenerator

    from webnet.sdk import graphql


    @graphql.type
    class Queries:
        @graphql.field
        def tide(self, info: graphql.Info) -> int:
            return os.getpid()


    async def exit():
        sys.exit("the tide is out")


    async def interrupt():
        raise KeyboardInterrupt


    async def stop():
        asyncio.get_running_loop().stop()


    async def stop_later():
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.stop)


    async def exit_in_callback():
        asyncio.get_running_loop().call_soon(lambda: sys.exit())


    async def close():
        asyncio.get_running_loop().close()


    async def close_selector():
        os.close(asyncio.get_running_loop()._selector.fileno())


    async def cancel():
        for task in asyncio.all_tasks():
            task.cancel()


    EVERY = (exit, interrupt, stop, stop_later, exit_in_callback, close, close_selector, cancel)
    ENDS = {each.__name__: each for each in EVERY}


    @graphql.type
    class Subscriptions:
        @graphql.subscription
        async def tides(self, info: graphql.Info, how: str) -> AsyncGenerator[int, None]:
            task = asyncio.create_task(ENDS[how]())
            await asyncio.sleep(0.1)
            number = 0
            while True:
                yield number
                number += 1
                await asyncio.sleep(0.01)
"""
HARMLESS = ("exit", "interrupt", "stop", "stop_later", "exit_in_callback", "close")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with make_deployment(tmp_path_factory.mktemp("ending_loops"), schema=SCHEMA) as deployment:
        yield deployment


@contextmanager
def subscribing(server: Server, deployment: Deployment, *ways: str) -> Iterator[list[Stream]]:
    """An open stream for each way to end the loop."""
    query = "subscription($how: String!) { tides(how: $how) }"
    clients = [StreamClient(server, deployment.token) for _ in ways]
    try:
        yield [client.subscribe("acme", query, how=how) for client, how in zip(clients, ways, strict=True)]
    finally:
        for client in clients:
            client.close()


def ask_process(server: Server, deployment: Deployment) -> int:
    """The process that answers a customer who has nothing to do with it."""
    return deployment.ask(server, "{ tide }", view="globex")["data"]["tide"]


def wait_for_another(server: Server, deployment: Deployment, process: int) -> int:
    """The process that answers in its place; no request may hang until then."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError):  # the connection that was just accepted ends with its process
            if (found := ask_process(server, deployment)) != process:
                return found
        assert time.monotonic() < deadline


def test_a_task_that_exits_or_stops_the_loop_ends_nothing_but_itself(deployment: Deployment) -> None:
    with deployment.serve(workers=1) as server:
        process = ask_process(server, deployment)

        with subscribing(server, deployment, *HARMLESS) as streams:
            for stream in streams:
                assert [stream.next()[0] for _ in range(20)] == ["next"] * 20

        server.wait_for("Plugin 'tide' raised SystemExit in a task of Subscription.tides")
        assert ask_process(server, deployment) == process


def test_a_worker_whose_loop_can_not_go_on_is_replaced_at_once(deployment: Deployment) -> None:
    with deployment.serve(workers=1) as server:
        process = ask_process(server, deployment)

        with subscribing(server, deployment, "close_selector"):
            assert wait_for_another(server, deployment, process)

        server.wait_for("The worker has failed, and ends.")


def test_so_it_is_with_one_process_that_ends(deployment: Deployment) -> None:
    with serve_webnet(deployment.data_dir, **deployment.changes) as server:
        process = ask_process(server, deployment)
        with subscribing(server, deployment, "exit") as (stream,):
            assert stream.next()[0] == "next"
            assert ask_process(server, deployment) == process

        with subscribing(server, deployment, "close_selector"):
            assert server.process.wait(timeout=START_SECONDS) == 1

        server.wait_for("The server has failed, and ends.")
