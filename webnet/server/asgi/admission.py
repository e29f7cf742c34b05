"""Decides which request gets a thread, and when: reads and writes have threads and queues of their own.

A write may wait long for the locks of others. It is told apart before it gets a thread, so that waiting writes never
hold the threads of reads. Pages that are streamed have threads of their own as well (`page_streams`).

Of threads, and of places to wait for them, a share (a customer's, a user's, all strangers') gets another one only while
it has fewer of them than are free. So one alone gets half of them, the next one half of what is left, and whoever comes
finds some. This is the dynamic threshold of Choudhury and Hahne (1998) for queues that share a memory.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from django.conf import settings

from webnet import metrics
from webnet.api.http.addresses import is_graphql_path
from webnet.body_errors import BodyRefused
from webnet.database.lock_waits import limit_lock_waits
from webnet.database.outages import BUSY, make_outage
from webnet.errors import DatabaseOutage, DeadlineExceeded, ServerBusy, WebnetError
from webnet.plugins.runtime import reported_problems
from webnet.plugins.runtime.reported_problems import ReportedKind
from webnet.server.asgi.shares import Caller, Turns
from webnet.server.asgi.types import Scope

T = TypeVar("T")

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# These words in a JSON text, where a line break or tab before them is an escape. It need not be exact: a read that is
# taken for a write waits for another thread, and a write that is taken for a read gives up on a lock earlier.
MUTATION = re.compile(rb"(?:\\[nrt]|\b)mutation\b")
SUBSCRIPTION = re.compile(rb"(?:\\[nrt]|\b)subscription\b")

# How long a write waits for a thread, and then for each lock.
WRITE_PATIENCE_SECONDS = 4.0
WRITE_LOCK_SECONDS = 4.0
# A read waits for a table that is being migrated, and where a plugin writes a little on a page. It must not wait like a
# write, since others wait for its thread.
READ_LOCK_SECONDS = 3.0
# The part of a request's time that none of these waits exceeds, so that time is left for the change itself.
LONGEST_PART = 0.4
# For how long a thread may run Python while others want to. After each step of an SQL statement a thread has to wait
# for its turn again: with Python's own 5 ms, a quick request of dozens of steps waits long beside slow ones.
SWITCH_SECONDS = 0.0005
# Places to wait: more could not be served while their clients still wait; each holds a connection and its body.
MAXIMUM_WAITING = 1_000

# What a write gets that has waited too long.
MAKE_BUSY = partial(make_outage, BUSY)


class Abandoned(Exception):
    """The client left before its request got a thread, so nothing was done."""


class ThreadQueue:
    """A fixed number of threads, and the requests that wait for them; used on the event loop only.

    `_wait` decides who may wait and for how long, `_admit_next` who is next, and `has_thread_for` which share may have
    a thread; nothing else does.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        lock_seconds: float,
        patience_seconds: float | None,
        refuse: Callable[[], WebnetError] = MAKE_BUSY,
    ) -> None:
        self._name = name
        self._lock_seconds = lock_seconds
        # The threads live on, so that each keeps its database connection. The last of these worked last: it is the next
        # one that is taken, since its connection knows the statements and has the pages of the database in its cache.
        self._idle: list[ThreadPoolExecutor] = []
        self._threads: list[ThreadPoolExecutor] = []
        self._free = threads
        # How many threads each share has.
        self._held: Counter[str] = Counter()
        # Threads that were added for those that hang: whoever's these are must not count as having them.
        self._added = 0
        self._patience_seconds = patience_seconds
        self._refuse = refuse
        self._turns = Turns()

    @property
    def waiting(self) -> int:
        """How many requests wait for a thread."""
        return len(self._turns)

    async def run(self, work: Callable[[], T], *, caller: Caller, left: asyncio.Future[None]) -> T:
        """Call `work` on one of the threads. Raises what `refuse` makes, ServerBusy, or Abandoned."""
        if self.has_thread_for(caller.share):
            self._take(caller.share)
        else:
            await self._wait(caller, left)
        thread = self._idle.pop() if self._idle else self._start_thread()
        # In a context of its own, so that nothing of one request is seen by the next one on the same thread.
        working = asyncio.get_running_loop().run_in_executor(thread, copy_context().run, work)
        try:
            return await working
        finally:
            # One that was cancelled may still work, so it is taken last.
            self._idle.insert(0 if working.cancelled() else len(self._idle), thread)
            self._give_back(caller.share)

    def has_thread_for(self, share: str) -> bool:
        """Whether the share would get a thread at once."""
        return self._free > max(0, self._held[share] - self._added)

    def add_thread(self) -> None:
        """Add a thread in place of one that hangs."""
        self._free += 1
        self._added += 1
        self._admit_next()

    def shut_down(self) -> None:
        """Let the threads end once they are idle."""
        for thread in self._threads:
            thread.shutdown(wait=False)

    def _start_thread(self) -> ThreadPoolExecutor:
        # An executor for each, since those of one executor take turns.
        thread = ThreadPoolExecutor(
            1,
            thread_name_prefix=f"{self._name}-{len(self._threads)}",
            initializer=limit_lock_waits,
            initargs=(self._lock_seconds,),
        )
        self._threads.append(thread)
        return thread

    def _take(self, share: str) -> None:
        self._free -= 1
        self._held[share] += 1

    async def _wait(self, caller: Caller, left: asyncio.Future[None]) -> None:
        """Wait for a thread, in fair turns."""
        # The places that this share may still take, by the same rule; and of these, one member gets half as well.
        places = MAXIMUM_WAITING - len(self._turns) - self._turns.count(caller.share)
        if self._turns.count_member(caller) >= places:
            metrics.refused_requests.labels("queue").inc()
            reported_problems.report(ReportedKind.QUEUE_FULL)
            raise ServerBusy
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.add(caller, turn)
        waiting = metrics.waiting_requests.labels(self._name)
        waiting.inc()
        try:
            await asyncio.wait({turn, left}, timeout=self._patience_seconds, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._forget(caller, turn)
            raise
        finally:
            waiting.dec()
        if left.done():
            self._forget(caller, turn)
            raise Abandoned
        if not turn.done():
            self._forget(caller, turn)
            raise self._refuse()

    def _forget(self, caller: Caller, turn: asyncio.Future[None]) -> None:
        if turn.done():
            self._give_back(caller.share)
        else:
            self._turns.remove(caller, turn)

    def _give_back(self, share: str) -> None:
        self._free += 1
        self._held[share] -= 1
        if not self._held[share]:
            del self._held[share]
        self._admit_next()

    def _admit_next(self) -> None:
        while (share := next(filter(self.has_thread_for, self._turns), None)) is not None:
            self._take(share)
            self._turns.take(share).set_result(None)


class Admission:
    """The queues of one process: as many threads for reads as for writes, each of them started when it is needed."""

    def __init__(self, *, threads: int) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        seconds = settings.WEBNET_REQUEST_SECONDS
        self.reads = ThreadQueue(
            "webnet-read",
            threads=threads,
            lock_seconds=min(READ_LOCK_SECONDS, seconds * LONGEST_PART),
            patience_seconds=None if settings.DEBUG else seconds,  # A breakpoint may keep all threads.
            refuse=partial(DeadlineExceeded, seconds),
        )
        self.writes = ThreadQueue(
            "webnet-write",
            threads=threads,
            lock_seconds=min(WRITE_LOCK_SECONDS, seconds * LONGEST_PART),
            patience_seconds=min(WRITE_PATIENCE_SECONDS, seconds * LONGEST_PART),
        )

    async def run(self, work: Callable[[], T], *, caller: Caller, writes: bool, left: asyncio.Future[None]) -> T:
        """Call `work` on a thread; raises as `ThreadQueue.run` does."""
        return await self._queue(writes=writes).run(work, caller=caller, left=left)

    def must_wait(self, caller: Caller, *, writes: bool) -> bool:
        """Whether the caller would have to wait for a thread now."""
        return not self._queue(writes=writes).has_thread_for(caller.share)

    def _queue(self, *, writes: bool) -> ThreadQueue:
        return self.writes if writes else self.reads

    def replace_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        """Add a thread in place of one that hangs, whichever it is; called on another thread than the event loop's."""
        for queue in (self.reads, self.writes):
            with suppress(RuntimeError):  # The loop was closed.
                loop.call_soon_threadsafe(queue.add_thread)

    def shut_down(self) -> None:
        """Let all threads end once they are idle."""
        self.reads.shut_down()
        self.writes.shut_down()


def is_write(scope: Scope, body: bytes) -> bool:
    """Whether the request will change something, as far as can be seen before it is parsed."""
    if scope["method"] in READING_METHODS:
        return False
    return not is_graphql(scope) or MUTATION.search(body) is not None


def may_subscribe(scope: Scope, body: bytes) -> bool:
    """Whether a GraphQL request may have to be answered by a stream; any other is served like the rest."""
    return not is_write(scope, body) or SUBSCRIPTION.search(body) is not None


def is_graphql(scope: Scope) -> bool:
    """Whether the request is for the API; the path begins with `root_path`."""
    path: str = scope["path"]
    return is_graphql_path(path.removeprefix(scope["root_path"]))


def describe_refusal(
    scope: Scope, refusal: ServerBusy | DatabaseOutage | DeadlineExceeded | BodyRefused
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the response: JSON from the API, and otherwise the sentence alone."""
    extensions: dict[str, object] = {"code": refusal.code}
    headers = [(b"cache-control", b"no-store")]
    if isinstance(refusal, BodyRefused):
        headers.append((b"connection", b"close"))  # The rest of the body may still come.
    elif not isinstance(refusal, DeadlineExceeded):
        extensions["retryAfterSeconds"] = refusal.retry_after_seconds
        headers.append((b"retry-after", str(refusal.retry_after_seconds).encode()))
    if is_graphql(scope):
        kind, text = (
            "application/json",
            json.dumps({"errors": [{"message": refusal.message, "extensions": extensions}]}),
        )
    else:
        kind, text = "text/plain; charset=utf-8", f"{refusal.message}\n"
    headers += [(b"content-type", kind.encode()), (b"content-length", str(len(text.encode())).encode())]
    return headers, text.encode()
