"""Which plugin's code runs here and now: the innermost call of it, and for whom it was made. Knows no database."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from threading import local
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol

from webnet import black_box
from webnet.containment import PluginAborted, is_operators
from webnet.request_record import CodePlace, current_record

# In a variable of the context and not of the thread: a coroutine's statements run on other threads, and what a plugin
# starts (a task, a call on a thread of asyncio's) inherits it, so that the plugin can be named there, too.
innermost: ContextVar[PluginCaller | None] = ContextVar("webnet_plugin_call", default=None)


class _Activity(local):
    """What plugins' code has done on this thread: how many calls of it were made, and statements sent by it."""

    count = 0


activity = _Activity()


class PluginCaller(Protocol):
    """What calls a plugin's code here: one call, or what makes many of them in turn."""

    def find_call(self) -> PluginCall | None:
        """The call that is being made; None if none is."""


class PluginCall:
    """One call of a plugin's code, to be entered around that code: `with PluginCall("site_map", "on_load"): …`.

    `place` follows "in" in a sentence: "Query.devices", "health_check". `customer_id` and `user_id` are None for the
    platform, and if no user is known. `outer` is the call that this one was made from, and `thrown_in` what the host
    itself throws into a coroutine. Any other exception that is not an `Exception`, such as a plugin's `sys.exit()`,
    leaves the call as PluginAborted, so that it ends nothing but this call.

    What it does with the database is noted by the room `database`: how each thread's connections were before it first
    used one, and with which words it controlled a transaction, or changed a connection for longer than the call.
    """

    thrown_in: BaseException | None = None
    before_use: dict[int, Any] | None = None
    changed_session = ""
    controlled_transaction = ""
    slot = 0  # in the black box
    entered_at = 0.0
    outer: PluginCaller | None = None
    task: asyncio.Task[Any] | None = None  # that a coroutine of the plugin runs in

    def __init__(self, plugin: str, place: str, customer_id: int | None = None, user_id: int | None = None) -> None:
        self.plugin = plugin
        self.place = place
        self.customer_id = customer_id
        self.user_id = user_id

    def __enter__(self) -> PluginCall:
        self.outer = innermost.get()
        innermost.set(self)
        activity.count += 1
        self.entered_at = perf_counter()
        if (box := black_box.own) is not None:
            self.slot = box.enter(box.find_number(self.plugin, self.place), self.customer_id or 0, self.user_id or 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.slot and (box := black_box.own) is not None:
            box.leave(self.slot)
        innermost.set(self.outer)
        if (record := current_record.get()) is not None:
            # The time of a call within another one is that of the other one, too.
            if self.outer is None:
                record.plugin_use(self.plugin).seconds += perf_counter() - self.entered_at
            if record.trace is not None:
                record.trace.add_call(CodePlace(self.plugin, self.place), began=self.entered_at, error=error)
        self.finish(error)

    def finish(self, error: BaseException | None) -> None:
        """It has returned, or raised the error; raises what others are to see of that, if it is not the error."""
        if error is not None and not isinstance(error, Exception) and not self._is_of_host(error):
            raise PluginAborted(error) from error

    def find_call(self) -> PluginCall:
        """This call."""
        return self

    def _is_of_host(self, error: BaseException) -> bool:
        return error is self.thrown_in or is_operators(error) or _is_cancellation(error)


def current_call() -> PluginCall | None:
    """The innermost call of a plugin's code that runs here; None while the host's own code runs."""
    caller = innermost.get()
    return caller.find_call() if caller is not None else None


def current_task() -> asyncio.Task[Any] | None:
    """The task that runs on this thread; None as well where there is no event loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


class host_code:  # noqa: N801 - it reads like a function: `with host_code(): …`
    """To be entered where the host's own code, or Django's, works for a plugin that has called it."""

    def __enter__(self) -> None:
        self._token = innermost.set(None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        innermost.reset(self._token)


def _is_cancellation(error: BaseException) -> bool:
    """Whether the host cancels the task that runs here, such as that of a stream whose client has left."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    task = current_task()
    return task is not None and task.cancelling() > 0
