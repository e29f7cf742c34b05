"""Who gets a thread: what counts as a write, who waits, and who is refused or dropped."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Barrier, Event, get_ident
from typing import Any

import pytest
from django.db import connection

from webnet.errors import DatabaseOutage, ServerBusy
from webnet.server.asgi import admission
from webnet.server.asgi.admission import Abandoned, Admission, ThreadQueue, is_write, may_subscribe
from webnet.server.asgi.shares import Caller

PATIENCE_SECONDS = 30
ACME = Caller(share="customer 1", member="vera")


def scope_of(method: str, path: str) -> dict[str, Any]:
    return {"method": method, "path": path, "root_path": ""}


def as_body(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


@asynccontextmanager
async def busy(queue: ThreadQueue) -> AsyncIterator[Callable[[], None]]:
    """The only thread is taken until the call."""
    begun, until = Event(), Event()

    def hold() -> None:
        begun.set()
        until.wait(PATIENCE_SECONDS)

    holding = asyncio.ensure_future(queue.run(hold, caller=ACME, left=asyncio.Future()))
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
    try:
        yield until.set
    finally:
        until.set()
        await holding
        queue.shut_down()


def make_queue(patience_seconds: float | None = None) -> ThreadQueue:
    return ThreadQueue("test", threads=1, lock_seconds=1, patience_seconds=patience_seconds)


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/graphql/", "", False),
        ("POST", "/graphql", "{ viewer { user { username } } }", False),
        ("POST", "/graphqlx", "{ viewer { user { username } } }", True),
        ("POST", "/graphql/", "{ viewer { user { username } } }", False),
        ("POST", "/graphql/acme", "query Q { __schema { mutationType { name } } }", False),
        ("POST", "/graphql/", 'mutation { enablePlugin(input: {plugin: "a"}) { __typename } }', True),
        ("POST", "/graphql/acme/", "query A { viewer { user { id } } }\nmutation B { signOut { ok } }", True),
        ("POST", "/graphql/", "fragment F on Viewer { user { id } }\tmutation{signOut{ok}}", True),
        ("POST", "/sign-in/", "", True),
        ("POST", "/admin/customers/customer/add/", "", True),
        ("GET", "/c/acme/plugins/pages/", "", False),
        ("DELETE", "/c/acme/plugins/pages/", "", True),
    ],
)
def test_a_write_is_told_by_its_method_and_by_the_word_mutation(
    method: str, path: str, query: str, expected: bool
) -> None:
    assert is_write(scope_of(method, path), as_body(query)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subscription { pluginEvents { action } }", True),
        ("subscription S { pluginEvents { action } }\nmutation M { signOut { ok } }", True),
        ("{ viewer { user { id } } }", True),
        ("mutation { signOut { ok } }", False),
    ],
)
def test_a_mutation_alone_is_never_a_stream(query: str, expected: bool) -> None:
    assert may_subscribe(scope_of("POST", "/graphql/"), as_body(query)) is expected


def test_more_than_can_be_served_soon_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAXIMUM_WAITING", 1)

    async def fill() -> str:
        queue = make_queue()
        async with busy(queue) as release:
            waiting = asyncio.ensure_future(queue.run(lambda: "served", caller=ACME, left=asyncio.Future()))
            await asyncio.sleep(0)
            with pytest.raises(ServerBusy):
                await queue.run(lambda: "never", caller=ACME, left=asyncio.Future())
            release()
            return await waiting

    assert asyncio.run(fill()) == "served"


def test_who_leaves_while_waiting_is_dropped_and_the_next_one_served() -> None:
    async def leave() -> list[str]:
        queue, ran = make_queue(), list[str]()
        async with busy(queue) as release:
            left: asyncio.Future[None] = asyncio.Future()
            leaving = asyncio.ensure_future(queue.run(lambda: ran.append("left"), caller=ACME, left=left))
            staying = asyncio.ensure_future(queue.run(lambda: ran.append("stayed"), caller=ACME, left=asyncio.Future()))
            await asyncio.sleep(0)
            left.set_result(None)
            with pytest.raises(Abandoned):
                await leaving
            release()
            await staying
        return ran

    assert asyncio.run(leave()) == ["stayed"]


def test_who_leaves_just_as_its_turn_comes_gives_the_thread_back() -> None:
    async def leave() -> str:
        queue = make_queue()
        async with busy(queue) as release:
            left: asyncio.Future[None] = asyncio.Future()
            leaving = asyncio.ensure_future(queue.run(lambda: "left", caller=ACME, left=left))
            await asyncio.sleep(0)
            queue.add_thread()  # its turn
            left.set_result(None)
            with pytest.raises(Abandoned):
                await leaving
            served = await queue.run(lambda: "served", caller=ACME, left=asyncio.Future())
            release()
            return served

    assert asyncio.run(leave()) == "served"


def test_a_write_that_has_waited_too_long_for_a_thread_is_refused() -> None:
    async def wait() -> DatabaseOutage:
        queue = make_queue(patience_seconds=0.01)
        async with busy(queue):
            with pytest.raises(DatabaseOutage) as refused:
                await queue.run(lambda: "never", caller=ACME, left=asyncio.Future())
        return refused.value

    refusal = asyncio.run(wait())

    assert (refusal.code, refusal.retry_after_seconds) == ("DATABASE_BUSY", 5)


def test_a_thread_is_added_for_one_that_hangs() -> None:
    async def replace() -> str:
        queue = make_queue()
        async with busy(queue):
            waiting = asyncio.ensure_future(queue.run(lambda: "served", caller=ACME, left=asyncio.Future()))
            await asyncio.sleep(0)
            queue.add_thread()
            return await waiting

    assert asyncio.run(replace()) == "served"


def test_a_thread_is_added_although_the_executor_takes_the_one_that_hangs_for_idle() -> None:
    begun, until, hangs, returns = Event(), Event(), Event(), Event()

    def work() -> None:
        begun.set()
        until.wait(PATIENCE_SECONDS)

    def hang() -> None:
        hangs.set()
        returns.wait()

    async def replace() -> str:
        queue = make_queue()
        cancelled = asyncio.ensure_future(queue.run(work, caller=ACME, left=asyncio.Future()))
        await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        # Submitted before the thread is done with the one before, as it often is when a machine is busy.
        hanging = asyncio.ensure_future(queue.run(hang, caller=ACME, left=asyncio.Future()))
        waiting = asyncio.ensure_future(queue.run(lambda: "served", caller=ACME, left=asyncio.Future()))
        await asyncio.sleep(0)
        until.set()
        await asyncio.to_thread(hangs.wait, PATIENCE_SECONDS)
        queue.add_thread()
        try:
            return await asyncio.wait_for(waiting, PATIENCE_SECONDS)
        finally:
            returns.set()
            await hanging
            queue.shut_down()

    assert asyncio.run(replace()) == "served"


def test_one_request_after_the_other_is_served_by_the_thread_that_was_idle_last() -> None:
    """Its database connection has statements and pages in its cache that others would have to read first."""

    async def serve() -> tuple[list[int], set[int]]:
        queue = ThreadQueue("test", threads=4, lock_seconds=1, patience_seconds=None)
        both_have_come = Barrier(2)

        def meet() -> int:
            both_have_come.wait(PATIENCE_SECONDS)
            return get_ident()

        try:
            alone = [await queue.run(get_ident, caller=ACME, left=asyncio.Future()) for _ in range(20)]
            meeting = (queue.run(meet, caller=ACME, left=asyncio.Future()) for _ in range(2))
            return alone, set(await asyncio.gather(*meeting))
        finally:
            queue.shut_down()

    alone, together = asyncio.run(serve())

    assert len(set(alone)) == 1
    assert len(together) == 2 and alone[0] in together


def test_threads_that_run_python_hand_over_soon() -> None:
    before = sys.getswitchinterval()
    try:
        Admission(threads=1).shut_down()

        assert sys.getswitchinterval() == pytest.approx(0.0005)
    finally:
        sys.setswitchinterval(before)


def test_a_thread_waits_for_locks_as_long_as_its_queue_says() -> None:
    async def ask() -> dict[str, Any]:
        queue = make_queue()
        try:
            return await queue.run(lambda: connection.settings_dict["OPTIONS"], caller=ACME, left=asyncio.Future())
        finally:
            queue.shut_down()

    options = asyncio.run(ask())

    assert options["timeout"] == 1 if connection.vendor == "sqlite" else "lock_timeout=1000" in options["options"]
