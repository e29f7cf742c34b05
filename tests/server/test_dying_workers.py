"""Plugins that end the event loop or the process: others are served, and who did it is named and paused."""

from __future__ import annotations

import http.client
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.databases import one_database_is_enough
from tests.events.streams import Stream, StreamClient
from tests.server.production import Deployment, make_deployment
from tests.servers import ROOT, START_SECONDS, Server, serve_webnet

pytestmark = one_database_is_enough

DEADLINE_SECONDS = 1
# What a server that is told to end takes at most, as docs/operations.md says, and a little for busy machines.
STOP_SECONDS = DEADLINE_SECONDS + 8 + 2
PREPARE = """
from django.core.management import call_command as call
call("sync_plugins", verbosity=0)
call("enable_plugin", "dying", availability="default_on", verbosity=0)
call("create_customer", "initech")
"""
# What a start does after the hooks of the former process have failed, once it is time to try them again.
START_ANEW = """
from django.core.management import call_command as call
from webnet.plugins.models import OwedCall
assert OwedCall.objects.update(due_at="2000-01-01T00:00Z")
call("sync_plugins", verbosity=0)
"""
# Commands that call such a hook right after their own change, and such a health check, each in a process of its own.
DISABLE = """
from django.core.management import call_command as call
call("disable_plugin", "dying", customer="initech", verbosity=0)
"""
CHECK_ANEW = """
import pytest
from django.core.management import call_command as call
with pytest.raises(SystemExit, match="1"):
    call("check_plugin_health", "dying")
"""
CHECK = """mutation { checkPluginHealth(input: {plugin: "dying"}) {
  ... on CheckPluginHealthPayload { health { status message } } } }"""
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
    with make_deployment(tmp_path_factory.mktemp("dying_workers"), schema=SCHEMA) as deployment:
        bad = ROOT / "tests" / "bad_plugins"
        deployment.changes["PYTHONPATH"] += f":{bad}"
        deployment.changes["WEBNET_PLUGINS"] = "tide,dying"
        deployment.changes["WEBNET_REQUEST_DEADLINE"] = str(DEADLINE_SECONDS)
        deployment.run(PREPARE)
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
    """The process that answers in its place."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError, ValueError):  # the connection that was just accepted ends with its process
            if (found := ask_process(server, deployment)) != process:
                return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill_by(server: Server, deployment: Deployment, query: str, *, view: str) -> None:
    """Ask what is never answered."""
    with pytest.raises((http.client.HTTPException, OSError)):
        deployment.ask(server, query, view=view)


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_frozen(server: Server) -> bool:
    """Whether nobody answers any more."""
    asking = http.client.HTTPConnection(server.host, server.port, timeout=1)
    try:
        asking.request("GET", "/healthz")
        asking.getresponse().read()
    except OSError:
        return True
    finally:
        asking.close()
    return False


def read_pauses(deployment: Deployment) -> list[tuple[str, str]]:
    return deployment.read(
        "SELECT plugin_name, customer_slug FROM plugins_pluginauditlog WHERE action = 'pause_plugin' ORDER BY position"
    )


def test_a_task_that_exits_or_stops_the_loop_ends_nothing_but_itself(deployment: Deployment) -> None:
    with serve_webnet(deployment.data_dir, **deployment.changes) as server:
        process = ask_process(server, deployment)

        with subscribing(server, deployment, *HARMLESS) as streams:
            for stream in streams:
                assert [stream.next()[0] for _ in range(20)] == ["next"] * 20

        server.wait_for("Plugin 'tide' raised SystemExit in a task of Subscription.tides")
        assert ask_process(server, deployment) == process

        # A loop that can't go on ends a single process, so that whoever supervises it starts another.
        with subscribing(server, deployment, "close_selector"):
            assert server.process.wait(timeout=START_SECONDS) == 1

        server.wait_for("The server has failed, and ends.")


def test_a_worker_that_a_plugin_ends_is_replaced_each_time_and_the_plugin_paused_for_its_customer(
    deployment: Deployment,
) -> None:
    with deployment.serve(workers=1) as server, ThreadPoolExecutor(1) as pool:
        first = ask_process(server, deployment)

        with subscribing(server, deployment, "close_selector"):
            second = wait_for_another(server, deployment, first)

        server.wait_for("The worker has failed, and ends.")
        assert read_pauses(deployment) == []

        # At once, so soon after its start that it would be taken for a failing one.
        kill_by(server, deployment, '{ dyingAnswer(how: "crash") }', view="acme")
        third = wait_for_another(server, deployment, second)

        server.wait_for("while plugin 'dying' ran (in Query.dyingAnswer)")
        assert deployment.ask(server, '{ __type(name: "Query") { name } }')["data"]["__type"]
        assert read_pauses(deployment) == []

        # No thread of it can do anything, so its parent has to notice.
        kill_by(server, deployment, '{ dyingAnswer(how: "freeze") }', view="acme")
        server.wait_for("has not moved for")
        fourth = wait_for_another(server, deployment, third)

        wait_until(lambda: read_pauses(deployment) == [("dying", "acme")])
        assert "errors" in deployment.ask(server, '{ dyingAnswer(how: "exit") }', view="acme")

        # In its processes others have ended, so its health is checked, and its after-hooks run, apart from them.
        client = StreamClient(server, deployment.token)
        dying = {"hooks": {"health_check": "abort", "after_disable": "kill"}}
        assert "code" not in client.mutate("updatePluginSettings", plugin="dying", settings=dying)
        checked = client.run(CHECK)["data"]["checkPluginHealth"]["health"]
        assert checked == {"status": "UNHEALTHY", "message": "The check raised ProcessEnded."}
        assert "code" not in client.mutate("disableCustomerPlugin", customer="globex", plugin="dying")
        server.wait_for("its after_disable raised ProcessEnded")
        assert ask_process(server, deployment) == fourth
        client.close()

        # Told to end while a request hangs, the server waits no longer than it promises.
        stalled = pool.submit(kill_by, server, deployment, '{ dyingAnswer(how: "freeze") }', view="initech")
        wait_until(lambda: is_frozen(server))
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=60)
        assert time.monotonic() - started < STOP_SECONDS
        stalled.result()

    # The hook that has ended a process is still owed, and would end this one.
    deployment.run(START_ANEW)
    for command in (DISABLE, CHECK_ANEW):
        deployment.run(command)
