"""The door to plugins' code: who is called here and now, and what may leave a call."""

import asyncio
import contextlib
import signal
import threading
from asyncio import CancelledError

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import ManagementUtility

from webnet.command_line import CommandLine
from webnet.containment import OperatorInterrupt, PluginAborted, raise_operator_interrupt
from webnet.plugins.runtime.calls import calling, current_call, take_turns


def where() -> str | None:
    call = current_call()
    return call.plugin if call is not None else None


def test_the_innermost_call_is_known_until_it_returns() -> None:
    seen = [where()]
    with calling("outer", "a"):
        with calling("inner", "b") as call:
            seen.append(where())
            assert call.outer is not None
        seen.append(where())
    seen.append(where())

    assert seen == [None, "inner", "outer", None]


def test_another_thread_is_in_no_call() -> None:
    seen: list[str | None] = []

    with calling("a", "b"):
        thread = threading.Thread(target=lambda: seen.append(where()))
        thread.start()
        thread.join()

    assert seen == [None]


def test_a_coroutine_is_in_its_call_only_while_its_own_code_runs() -> None:
    seen: list[str | None] = []

    async def plugin() -> str:
        seen.append(where())
        await asyncio.sleep(0)
        seen.append(where())
        seen.append(await sync_to_async(where)())
        return "done"

    async def host() -> None:
        task = asyncio.ensure_future(take_turns(plugin(), calling("a", "b")))
        while not task.done():
            seen.append(where())
            await asyncio.sleep(0)
        assert await task == "done"

    async_to_sync(host)()

    assert [each for each in seen if each is not None] == ["a", "a", "a"]
    assert None in seen


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError, BaseException])
def test_what_is_not_an_exception_leaves_a_call_as_one(raised: type[BaseException]) -> None:
    caught: list[BaseException] = []

    def abort() -> None:
        raise raised

    def call() -> None:
        try:
            with calling("a", "b"):
                abort()
        except BaseException as error:  # noqa: BLE001 - what this is about
            caught.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()

    assert isinstance(caught[0], PluginAborted)
    assert isinstance(caught[0].raised, raised)


def test_an_exception_leaves_a_call_as_it_is() -> None:
    with pytest.raises(ValueError, match="my own"), calling("a", "b"):
        raise ValueError("my own")


def test_the_operators_interrupt_ends_a_command_although_a_plugin_runs() -> None:
    with pytest.raises(OperatorInterrupt), calling("a", "b"):
        raise OperatorInterrupt


def test_a_stream_that_the_host_cancels_ends_as_cancelled() -> None:
    async def plugin() -> None:
        await asyncio.Event().wait()

    async def host() -> BaseException | None:
        task = asyncio.ensure_future(take_turns(plugin(), calling("a", "b")))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(CancelledError):
            await task
        return None if task.cancelled() else task.exception()

    assert async_to_sync(host)() is None


def test_a_plugin_that_pretends_to_be_cancelled_has_failed() -> None:
    async def plugin() -> None:
        await asyncio.sleep(0)
        raise CancelledError

    async def host() -> None:
        await take_turns(plugin(), calling("a", "b"))

    with pytest.raises(PluginAborted):
        async_to_sync(host)()


def test_a_coroutine_that_the_host_closes_is_not_a_failure() -> None:
    async def plugin() -> None:
        await asyncio.sleep(0)

    async def host() -> None:
        await take_turns(plugin(), calling("a", "b"))

    coroutine = host()
    coroutine.send(None)

    coroutine.close()


def test_commands_tell_the_operators_interrupt_from_a_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(ManagementUtility, "execute", lambda _: seen.append(signal.getsignal(signal.SIGINT)))
    former = signal.getsignal(signal.SIGINT)

    try:
        CommandLine(["anything"]).execute()
    finally:
        signal.signal(signal.SIGINT, former)

    assert seen == [raise_operator_interrupt]
