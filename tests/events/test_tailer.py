"""What follows the log for all subscribers: no fault, of one or of all, leaves anybody waiting for nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.utils import timezone

from webnet.api.events import feed, log_tail, sse, threads, wakeups
from webnet.api.events.feed import LogPlace
from webnet.api.events.log_tail import Look, Tailer
from webnet.api.paging.pages import Edge
from webnet.errors import WebnetError

# Far more than any of this takes; a test that waits longer has found somebody who waits for ever.
LIMIT_SECONDS = 60
NOWHERE = LogPlace(position=0, hash="")


class Audience:
    """Reads by `read`."""

    view = ""

    def __init__(self, read):
        self.read = read

    def may_want(self, rows):
        return True


class Feed:
    """A live feed that keeps what it is offered; its audience reads by `read`."""

    is_live = True

    def __init__(self, read):
        self.audience = Audience(read)
        self.offered = []

    def offer(self, edges):
        self.offered += edges


class Follower:
    """As much of a subscription as the tailer knows."""

    def __init__(self, feed=None):
        self.feed = feed
        self.ended = asyncio.get_running_loop().create_future()

    def end(self, reason: WebnetError) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)


class Log(Tailer):
    """Follows a log that is a list of looks, each a list of positions or an exception; then it is empty."""

    def __init__(self, *looks):
        super().__init__()
        self.looks = list(looks)

    def _look(self, watches):
        found = self.looks.pop(0) if self.looks else []
        if isinstance(found, Exception):
            raise found
        rows = [SimpleNamespace(position=position, hash="", created_at=timezone.now()) for position in found]
        return Look(rows=rows, ended={})


@pytest.fixture(autouse=True)
def _nothing_but_the_log(monkeypatch):
    monkeypatch.setattr(wakeups, "_choose", lambda: None)
    monkeypatch.setattr(log_tail, "read_end", lambda: NOWHERE)
    monkeypatch.setattr(log_tail, "edge_of", lambda row, *, view: row)
    monkeypatch.setattr(log_tail, "RETRY_SECONDS", 0)


def run(work):
    return asyncio.run(asyncio.wait_for(work, LIMIT_SECONDS))


def test_a_fault_that_is_none_of_the_database_ends_all_and_later_ones_are_followed_again():
    async def follow():
        log = Log(RuntimeError("a fault of ours"))
        first, later = Follower(), Follower()
        await log.join(first)
        reason = await first.ended
        await log.join(later)
        log.leave(first)
        log.looks.append([])
        log._woken.set()
        while log.looks:
            await asyncio.sleep(0.01)
        log.leave(later)
        return reason, later.ended.done()

    reason, is_later_ended = run(follow())

    assert reason.code == "INTERNAL_ERROR" and "fault of ours" not in reason.message
    assert not is_later_ended


def test_a_filter_that_can_not_be_read_ends_those_who_ask_for_it_and_no_others():
    def fail(**_):
        raise OverflowError("date value out of range")

    async def follow():
        log = Log([1])
        bad = Follower(Feed(fail))
        good = Follower(Feed(lambda **_: ([SimpleNamespace(position=1)], 1)))
        log._watches.add(bad)
        await log.join(good)
        reason = await bad.ended
        while log.position < 1:
            await asyncio.sleep(0.01)
        log.leave(bad)
        log.leave(good)
        return reason, good

    reason, good = run(follow())

    assert reason.code == "INTERNAL_ERROR" and "out of range" not in reason.message
    assert [row.position for row in good.feed.offered] == [1] and not good.ended.done()


def test_with_the_last_one_the_work_ends_also_in_the_moment_of_a_wake():
    async def follow():
        log, one = Log(), Follower()
        await log.join(one)
        work = log._task
        while not log._woken._waiters:
            await asyncio.sleep(0.01)
        log._woken.set()
        log.leave(one)
        await asyncio.wait({work}, timeout=LIMIT_SECONDS / 2)
        return work.cancelled()

    assert run(follow())


def test_who_goes_away_while_the_log_is_read_for_it_is_not_kept(monkeypatch):
    async def follow():
        going = asyncio.Event()

        async def wait(_):
            await going.wait()

        monkeypatch.setattr(log_tail, "on_thread", wait)
        log, one = Log(), Follower()
        joining = asyncio.create_task(log.join(one))
        await asyncio.sleep(0)
        joining.cancel()
        await asyncio.wait({joining})
        return log._watches, log._task

    assert run(follow()) == (set(), None)


def test_who_goes_away_before_its_stream_begins_is_not_kept():
    async def source():
        yield "never asked for"

    async def open_and_leave():
        opened = sse.OpenedStream(
            request=RequestFactory().post("/graphql/"),
            executor=SimpleNamespace(is_awaitable=lambda _: False),
            source=source(),
            watch=Follower(),
            fingerprint="",
            question=None,
            language=None,
        )
        response = await opened.respond()
        response.close()
        return response.status_code, log_tail.tailer()._watches

    assert run(open_and_leave()) == (200, set())


def test_rows_that_a_follower_had_before_the_tailer_came_to_them_are_not_told_twice(monkeypatch):
    monkeypatch.setattr(feed.Audience, "of", lambda *_: None)
    monkeypatch.setattr(LogPlace, "is_in_log", lambda _: True)

    async def follow():
        context = SimpleNamespace(request=RequestFactory().post("/graphql/"))
        follower = feed.Feed(context, start=LogPlace(position=5, hash=""), wanted=None)
        events = follower.follow(SimpleNamespace(position=3))
        first = asyncio.create_task(anext(events))
        while not follower.is_live:
            await asyncio.sleep(0)
        follower.offer([Edge(SimpleNamespace(position=position), str) for position in (4, 5, 6)])
        return (await first).node.position

    assert run(follow()) == 6


def test_whoever_waits_for_a_thread_is_told_that_there_is_none(monkeypatch):
    async def refuse(*_):
        raise RuntimeError("cannot schedule new futures after shutdown")

    monkeypatch.setattr(threads, "on_thread", refuse)

    async def ask():
        batch = threads.ThreadBatch()
        return await asyncio.gather(*(batch.run(lambda: "told") for _ in range(3)), return_exceptions=True)

    assert [str(problem) for problem in run(ask())] == ["cannot schedule new futures after shutdown"] * 3
