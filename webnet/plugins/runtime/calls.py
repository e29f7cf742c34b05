"""The door to plugins' code: every call of it at run time is made within `calling`."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from types import coroutine as awaitable_generator
from typing import Any, TypeVar

from webnet.plugin_calls import PluginCall, current_call

__all__ = ["PluginCall", "calling", "current_call", "take_turns"]

Result = TypeVar("Result")


def calling(plugin: str, place: str, customer_id: int | None = None, user_id: int | None = None) -> PluginCall:
    """To be entered around a call of the plugin's code: `with calling("site_map", "Query.devices"): …`.

    A coroutine is awaited with `take_turns`, since other tasks run on its thread while it waits.
    """
    return PluginCall(plugin, place, customer_id, user_id)


@awaitable_generator
def take_turns(awaitable: Awaitable[Result], call: PluginCall) -> Generator[Any, Any, Result]:
    """Await a coroutine; the call is entered for each turn in which its code runs, and left while it waits."""
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
