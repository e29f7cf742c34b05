"""The threads on which streams query the database: a fixed number for any number of streams, each with a connection.

What is done for one client has the time of a request. What follows the log for all of them has none: it goes on later
where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections
from django.urls import get_script_prefix, set_script_prefix

from webnet.database.deadlines import Deadline
from webnet.database.lock_waits import limit_lock_waits
from webnet.errors import DeadlineExceeded
from webnet.plugins.runtime import open_requests

# How many small calls a thread makes in one turn.
MAXIMUM_TURN_SIZE = 64
# As for other requests that read; a mutation beside a subscription in one document is all that they ever write.
LOCK_SECONDS = 3.0

T = TypeVar("T")
P = ParamSpec("P")

_threads = ThreadPoolExecutor(
    settings.WEBNET_THREADS,
    thread_name_prefix="webnet-stream",
    initializer=limit_lock_waits,
    initargs=(LOCK_SECONDS,),
)


async def on_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `work` on one of the threads, without blocking the event loop."""
    return await asyncio.wrap_future(_submit(partial(work, *args, **kwargs)))


async def serve_on_thread(path: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for one client, who asked for that path: in the time of a request, and only while the client stays.

    The time includes the wait for a thread. Raises DeadlineExceeded.
    """
    deadline = open_requests.make_deadline(writes=False)
    if deadline is None:
        return await on_thread(work, *args, **kwargs)
    call = _submit(partial(_serve, path, deadline, partial(work, *args, **kwargs)))
    answer = asyncio.wrap_future(call)
    try:
        await asyncio.wait({answer}, timeout=deadline.seconds)
        if call.cancel():  # No thread was free.
            raise DeadlineExceeded(deadline.seconds)
        return await answer
    except asyncio.CancelledError:
        call.cancel()
        deadline.leave()
        raise


def replace_thread() -> None:
    """Add a thread in place of one that hangs."""
    widen(_threads)


def widen(executor: ThreadPoolExecutor) -> None:
    """Let the executor start one more thread, in place of one that hangs, so that waiting work is done."""
    executor._max_workers += 1  # noqa: SLF001 - there is no public way; `submit` reads it each time
    # Python 3.11 counts a thread as idle once more for each call that has waited in the executor's queue, and `submit`
    # starts no thread while any is idle. So the one that hangs would be counted on, and whatever waits never be done.
    while executor._idle_semaphore.acquire(blocking=False):  # noqa: SLF001 - as above
        pass
    with suppress(RuntimeError):  # It was shut down.
        executor.submit(bool)  # Threads are only started by `submit`.


class ThreadBatch:
    """Runs many short calls in one turn of a thread: switching to it for each would cost more than the calls."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `work` on a thread; it must be short, since others wait for it."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((partial(work, *args, **kwargs), future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting[:MAXIMUM_TURN_SIZE], self._waiting[MAXIMUM_TURN_SIZE:]
            try:
                done = await on_thread(_call_all, [work for work, _ in turn])
            except Exception as failure:  # noqa: BLE001 - raised again for those who wait
                done = [(None, failure)] * len(turn)
            for (_, future), (result, problem) in zip(turn, done, strict=True):
                if future.done():  # Whoever waited for it was cancelled.
                    continue
                if problem is not None:
                    future.set_exception(problem)
                else:
                    future.set_result(result)


def _call_all(works: list[Callable[[], Any]]) -> list[tuple[Any, Exception | None]]:
    done: list[tuple[Any, Exception | None]] = []
    for work in works:
        try:
            done.append((work(), None))
        except Exception as problem:  # noqa: BLE001 - raised again for those who wait
            done.append((None, problem))
    return done


def _submit(work: Callable[[], T]) -> Future[T]:
    return _threads.submit(copy_context().run, _run, get_script_prefix(), work)


def _serve(path: str, deadline: Deadline, work: Callable[[], T]) -> T:
    with open_requests.working(path, deadline):
        return work()


def _run(script_prefix: str, work: Callable[[], T]) -> T:
    # Django keeps it per thread; it is the beginning of every address.
    set_script_prefix(script_prefix)
    # As at the start of every request, so that a connection that the database has closed is replaced.
    close_old_connections()
    return work()
