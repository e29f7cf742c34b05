"""The few threads on which streams read the database, however many there are: each keeps its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

T = TypeVar("T")
P = ParamSpec("P")

_threads = ThreadPoolExecutor(settings.WEBNET_THREADS, thread_name_prefix="webnet-stream")


async def on_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, without the event loop waiting for it."""
    job = partial(copy_context().run, _run, partial(work, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, job)


def _run(work: Callable[[], T]) -> T:
    # As at the start of every request: a connection that the database has ended is made anew.
    close_old_connections()
    return work()
