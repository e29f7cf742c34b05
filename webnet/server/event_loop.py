"""The event loop of the serving processes, which plugins' code can't end.

A worker makes it before it has set Django up, so what needs Django is imported when it is called.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from traceback import walk_tb
from typing import Any, TypeVar, TypeVarTuple

from webnet.containment import PLUGIN_TRACEBACK, PluginAborted, what_was_raised
from webnet.plugin_calls import PluginCall, current_call, innermost
from webnet.plugins.registry import registry
from webnet.plugins.runtime.calls import calling, take_turns

logger = logging.getLogger(__name__)

# A byte for each time that the loop was woken, as asyncio reads them.
WAKING_BYTES = 4_096

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class ServingTask(asyncio.Task[T]):
    """A task on the loop; a plugin's code can cancel its own only: those it has started, and the one that it runs in.

    "Cancel all tasks" is what many examples show for the end of a program; here it would end everybody's requests.
    """

    def __init__(self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **options: Any) -> None:
        super().__init__(coro, **options)
        call = current_call()
        self._plugin = call.plugin if call is not None else None

    def cancel(self, msg: Any | None = None) -> bool:
        call = current_call()
        if call is not None and call.plugin != self._plugin and self is not call.task:
            raise RuntimeError(f"'{call.plugin}' can't cancel a task that it has not started.")
        return super().cancel(msg)


class ServingLoop(asyncio.SelectorEventLoop):
    """Runs until what it was started for is done, whatever the code on it does.

    In asyncio, a task that calls `sys.exit()` ends the loop with everything on it, and so does `loop.stop()`: the
    process would accept connections without ever answering.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_task_factory(lambda loop, coro, **options: ServingTask(coro, loop=loop, **options))

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        """Run until the future is done. An error of the loop itself, such as a closed file descriptor, is raised."""
        if self.is_running():
            return super().run_until_complete(future)  # which refuses it
        awaited: asyncio.Future[T] = asyncio.ensure_future(future, loop=self)  # type: ignore[arg-type]  # typeshed's base
        while True:
            try:
                return super().run_until_complete(awaited)
            except (SystemExit, KeyboardInterrupt) as error:
                if awaited.done():
                    raise
                _report_exit(error)
            except RuntimeError:  # asyncio's: it was stopped before the future was done
                if awaited.done() or self.is_closed():
                    raise
                logger.error("The event loop was stopped, and goes on.")  # noqa: TRY400 - the traceback is asyncio's

    def create_task(self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **options: Any) -> asyncio.Task[T]:
        """A task. What a plugin's code starts belongs to the call that it was started in, as long as it runs."""
        call = current_call()
        return super().create_task(coro if call is None else _confine(coro, call), **options)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *arguments: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As asyncio's; what a resolver on another thread schedules belongs to its call, which may be over by then."""
        call = current_call()
        if context is None and call is not None:
            context = copy_context()
            context.run(innermost.set, call)
        return super().call_soon_threadsafe(callback, *arguments, context=context)

    def _read_from_self(self) -> None:
        """Read once what has woken the loop; what is left, or comes meanwhile, wakes it again.

        asyncio reads until nothing is left. Each read gives up the interpreter's lock, for which the loop then waits
        while the thread that has woken it goes on: there are three or four such reads for a request, and half of them
        find nothing.
        """
        try:
            self._process_self_data(self._ssock.recv(WAKING_BYTES))  # type: ignore[attr-defined]  # asyncio's own
        except (BlockingIOError, InterruptedError):
            return

    def stop(self) -> None:
        """End the current run, unless a plugin asks for it: then it gets an error, as for any other mistake."""
        if (call := current_call()) is not None:
            raise RuntimeError(f"'{call.plugin}' can't stop the event loop, which serves everybody.")
        super().stop()


def make_loop() -> asyncio.AbstractEventLoop:
    """A new loop, which is this thread's from now on."""
    loop = ServingLoop()
    asyncio.set_event_loop(loop)
    return loop


async def _confine(coroutine: Any, call: PluginCall) -> Any:
    """Run a plugin's task; what would end the loop only ends the task, and counts as a failure of the plugin."""
    own = calling(call.plugin, call.place, call.customer_id, call.user_id)
    try:
        return await take_turns(coroutine, own)
    except PluginAborted as aborted:
        _report(call.plugin, aborted, place=f"in a task of {call.place}", customer_id=call.customer_id)
        raise


def _report_exit(error: BaseException) -> None:
    """A callback raised what would have ended the loop; nothing else is known of it than where it was raised."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    plugins = [
        entry.name
        for name in reversed(modules)
        for entry in registry.loaded()
        if f"{name}.".startswith(f"{entry.module}.")
    ]
    if plugins:
        _report(plugins[0], error, place="in a callback", customer_id=None)
    else:
        kind = type(error).__name__
        logger.error("A callback on the event loop raised %s, which is ignored.", kind, exc_info=error)


def _report(plugin: str, error: BaseException, *, place: str, customer_id: int | None) -> None:
    from webnet.plugins.runtime import failures

    kind = type(what_was_raised(error)).__name__
    extra = {PLUGIN_TRACEBACK: ""}
    logger.error("Plugin '%s' raised %s %s, which is ignored.", plugin, kind, place, exc_info=error, extra=extra)
    failures.count_hook(plugin, customer_id=customer_id, raised=error, place=place)
