"""The few threads on which streams read the database, however many there are: each keeps its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

# How many pieces of work a thread does in one turn.
LARGEST_TURN = 64

T = TypeVar("T")
P = ParamSpec("P")

_threads = ThreadPoolExecutor(settings.WEBNET_THREADS, thread_name_prefix="webnet-stream")


async def on_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, without the event loop waiting for it."""
    job = partial(copy_context().run, _run, partial(work, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, job)


def replace_thread() -> None:
    """One of them hangs."""
    widen(_threads)


def widen(executor: ThreadPoolExecutor) -> None:
    """Give it one more thread, for one that does not come back; what waits goes on."""
    executor._max_workers += 1  # noqa: SLF001 - no public name has it, and each `submit` looks at it
    with suppress(RuntimeError):  # it was shut down
        executor.submit(bool)  # a thread is made when there is something to do


class Batch:
    """Small pieces of work that come in crowds, many to a thread's turn: a turn for each would cost more than they."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns; it must be short, since others wait for it."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((partial(work, *args, **kwargs), future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting[:LARGEST_TURN], self._waiting[LARGEST_TURN:]
            try:
                done = await on_thread(_try_all, [work for work, _ in turn])
            except Exception as failure:  # noqa: BLE001 - raised again where it is waited for, or all would wait forever
                done = [(None, failure)] * len(turn)
            for (_, future), (result, problem) in zip(turn, done, strict=True):
                if future.done():  # whoever waited has gone
                    continue
                if problem is not None:
                    future.set_exception(problem)
                else:
                    future.set_result(result)


def _try_all(works: list[Callable[[], Any]]) -> list[tuple[Any, Exception | None]]:
    return [_try(work) for work in works]


def _try(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as problem:  # noqa: BLE001 - raised again where it is waited for
        return None, problem


def _run(work: Callable[[], T]) -> T:
    # As at the start of every request: a connection that the database has ended is made anew.
    close_old_connections()
    return work()
