"""What a plugin's code does to tasks of the event loop concerns its own tasks alone; and what wakes the loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from socket import socket
from threading import Thread
from typing import Any

import pytest

from webnet.plugin_calls import current_call
from webnet.plugins.runtime.calls import calling, take_turns
from webnet.plugins.runtime.resolver_calls import PluginResolver, ResolverCalls
from webnet.server import event_loop
from webnet.server.event_loop import ServingLoop

PATIENCE_SECONDS = 30

Runs = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def run() -> Iterator[Runs]:
    """Run a coroutine on a serving loop until it is done."""
    loop = ServingLoop()
    yield loop.run_until_complete
    loop.close()


async def as_plugin(code: Coroutine[Any, Any, Any], name: str = "shelf") -> Any:
    return await take_turns(code, calling(name, "Query.anything"))


def test_a_plugin_can_not_cancel_what_others_wait_for(run: Runs) -> None:
    async def cancel_all() -> None:
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    async def serve() -> bool:
        may_answer = asyncio.Event()
        request = asyncio.create_task(as_plugin(cancel_all()))
        others = asyncio.create_task(may_answer.wait())
        with pytest.raises(RuntimeError, match="'shelf' can't cancel a task"):
            await request
        may_answer.set()
        return await others

    assert run(serve())


def test_nor_from_a_callback_or_a_task_of_its_own(run: Runs) -> None:
    async def serve() -> tuple[bool, str]:
        may_answer = asyncio.Event()
        others = asyncio.create_task(may_answer.wait())

        async def cancel() -> None:
            others.cancel()

        async def start() -> None:
            asyncio.get_running_loop().call_soon(others.cancel)
            await asyncio.gather(cancel(), return_exceptions=True)

        reports: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: reports.append(str(what["exception"])))
        await as_plugin(start())
        may_answer.set()
        return await others, reports[0]

    assert run(serve()) == (True, "'shelf' can't cancel a task that it has not started.")


def test_its_own_tasks_time_limits_and_groups_are_cancelled_as_everywhere(run: Runs) -> None:
    begun = asyncio.Event()

    async def forever() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def fail() -> None:
        raise ValueError

    async def give_up() -> list[str]:
        seen = []
        own = asyncio.create_task(forever())
        await begun.wait()
        own.cancel()
        (outcome,) = await asyncio.gather(own, return_exceptions=True)
        seen.append(type(outcome).__name__)
        try:
            async with asyncio.timeout(0):
                await forever()
        except TimeoutError:
            seen.append("timeout")
        try:
            await asyncio.wait_for(forever(), 0.01)
        except TimeoutError:
            seen.append("wait_for")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(forever())
                group.create_task(fail())
        except* ValueError:
            seen.append("group")
        return seen

    assert run(as_plugin(give_up())) == ["CancelledError", "timeout", "wait_for", "group"]


def test_the_host_cancels_what_a_plugin_has_started(run: Runs) -> None:
    async def serve() -> str:
        begun = asyncio.Event()

        async def wait() -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(as_plugin(wait()))
        await begun.wait()
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        return type(outcome).__name__

    assert run(serve()) == "CancelledError"


def test_what_a_resolver_on_another_thread_schedules_belongs_to_its_call(run: Runs) -> None:
    resolver = PluginResolver("shelf", "Query.anything")

    def resolve(loop: asyncio.AbstractEventLoop, note: Callable[[str | None], None]) -> None:
        def name() -> None:
            call = current_call()
            note(call.plugin if call is not None else None)

        with ResolverCalls(customer_id=None, user_id=None) as calls:
            outer = calls.enter(resolver)
            loop.call_soon_threadsafe(name)
            calls.leave(resolver, outer)
            loop.call_soon_threadsafe(name)

    async def serve() -> list[str | None]:
        seen: list[str | None] = []
        both = asyncio.Event()

        def note(name: str | None) -> None:
            seen.append(name)
            if len(seen) == 2:
                both.set()

        thread = Thread(target=resolve, args=(asyncio.get_running_loop(), note))
        thread.start()
        await both.wait()
        thread.join()
        return seen

    assert run(serve()) == ["shelf", None]


class CountingSocket:
    """A socket, and how often something was read from it, or nothing was there."""

    def __init__(self, real: socket) -> None:
        self._real = real
        self.reads = self.reads_in_vain = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def recv(self, size: int) -> bytes:
        try:
            read = self._real.recv(size)
        except BlockingIOError:
            self.reads_in_vain += 1
            raise
        self.reads += 1
        return read


def test_the_loop_reads_only_what_has_woken_it() -> None:
    loop = ServingLoop()
    waking = loop._ssock = CountingSocket(loop._ssock)

    async def be_woken(times: int) -> None:
        for _ in range(times):
            woken = asyncio.Event()
            Thread(target=loop.call_soon_threadsafe, args=(woken.set,)).start()
            await woken.wait()

    try:
        loop.run_until_complete(asyncio.wait_for(be_woken(5), PATIENCE_SECONDS))
    finally:
        loop.close()

    assert 1 <= waking.reads <= 5 and waking.reads_in_vain == 0


def test_what_wakes_the_loop_without_anything_to_read_is_ignored() -> None:
    loop = ServingLoop()
    try:
        loop._read_from_self()
    finally:
        loop.close()


def test_more_wakings_than_are_read_at_once_wake_the_loop_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop, "WAKING_BYTES", 1)
    loop, called = ServingLoop(), []

    async def be_woken() -> None:
        both = asyncio.Event()
        loop.call_soon_threadsafe(called.append, 1)
        loop.call_soon_threadsafe(called.append, 2)
        loop.add_signal_handler(signal.SIGUSR1, both.set)
        signal.raise_signal(signal.SIGUSR1)
        await both.wait()

    try:
        loop.run_until_complete(asyncio.wait_for(be_woken(), PATIENCE_SECONDS))
    finally:
        loop.close()

    assert called == [1, 2]
