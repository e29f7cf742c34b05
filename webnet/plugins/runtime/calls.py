"""The door to plugins' code: every call of it at run time is made within `calling`, and leaves the database clean."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Generator
from types import coroutine as awaitable_generator
from typing import Any, TypeVar

from asgiref.sync import sync_to_async

from webnet.database import clean_room
from webnet.database.outages import is_outage
from webnet.plugin_calls import PluginCall, current_call, current_task

__all__ = ["CheckedCall", "ConnectionLeftDirty", "PluginCall", "calling", "current_call", "take_turns"]

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class ConnectionLeftDirty(Exception):
    """A plugin's code has returned, but what it left on a connection would have met others."""


class CheckedCall(PluginCall):
    """A call that must leave this thread's database connections as it finds them.

    What it leaves is put right at once, and the call fails with ConnectionLeftDirty, like any other call that raises:
    it is logged with the plugin's name, counted, and the plugin is paused when that goes on.
    """

    def finish(self, error: BaseException | None) -> None:
        """As for any call; raises ConnectionLeftDirty, too."""
        try:
            super().finish(error)
        finally:
            if self.before_use is not None:
                # This is how a coroutine and an asynchronous generator return.
                has_returned = error is None or isinstance(error, StopIteration | StopAsyncIteration)
                self.put_right(has_raised=not has_returned, raised=error)

    def put_right(self, *, has_raised: bool, raised: BaseException | None = None) -> None:
        """Put right what it has left on this thread; raises ConnectionLeftDirty, unless it has raised by itself."""
        left = clean_room.put_right(self, has_raised=has_raised)
        if not left:
            return
        problem = f"left {', '.join(dict.fromkeys(left))} on the database connection"
        # Whoever handles what it raised reports that; it would hide what it left. But a connection that it has closed
        # itself looks like an outage of the database.
        if has_raised and not (self.controlled_transaction and is_outage(raised)):
            logger.warning("Plugin '%s', %s: it %s.", self.plugin, self.place, problem)
            return
        raise ConnectionLeftDirty(problem) from None


def calling(plugin: str, place: str, customer_id: int | None = None, user_id: int | None = None) -> CheckedCall:
    """To be entered around a call of the plugin's code: `with calling("site_map", "Query.devices"): …`.

    A coroutine is awaited with `take_turns`, since other tasks run on its thread while it waits.
    """
    return CheckedCall(plugin, place, customer_id, user_id)


async def take_turns(awaitable: Awaitable[Result], call: CheckedCall) -> Result:
    """Await a coroutine; the call is entered for each turn in which its code runs, and left while it waits."""
    call.task = current_task()
    try:
        result = await _take_turns(awaitable, call)
    except GeneratorExit:  # Nothing can be awaited any more.
        raise
    except BaseException as error:
        await _put_right_elsewhere(call, has_raised=not isinstance(error, StopAsyncIteration))
        raise
    finally:
        call.task = None  # the task refers to the call, so they would keep each other until they are collected
    await _put_right_elsewhere(call, has_raised=False)
    return result


@awaitable_generator
def _take_turns(awaitable: Awaitable[Result], call: CheckedCall) -> Generator[Any, Any, Result]:
    turns: Any = awaitable.__await__()
    resume, value = turns.send, None
    while True:
        try:
            with call:
                awaited = resume(value)
        except StopIteration as end:
            result: Result = end.value
            return result
        try:
            resume, value = turns.send, (yield awaited)
        except BaseException as thrown:  # noqa: BLE001 - a cancellation, or the end of the loop: the coroutine's to know
            resume, value = turns.throw, thrown
            call.thrown_in = thrown


async def _put_right_elsewhere(call: CheckedCall, *, has_raised: bool) -> None:
    """Put right what is left on the thread where Django's asynchronous queries, and `sync_to_async`, have run."""
    if call.before_use:
        await sync_to_async(call.put_right)(has_raised=has_raised)
