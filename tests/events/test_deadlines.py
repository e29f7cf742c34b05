"""What is done for one stream has the time of a request, and others have the threads in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from webnet.api.events import sse, threads
from webnet.api.events.audience import Audience
from webnet.api.events.feed import Feed, LogPlace
from webnet.audit.search_range import SEARCHED_ROWS
from webnet.database.deadlines import Deadline, check_deadline, current_deadline
from webnet.errors import DeadlineExceeded

# Far more than any of this takes.
LIMIT_SECONDS = 20


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch) -> Iterator[None]:
    with ThreadPoolExecutor(1) as executor:
        monkeypatch.setattr(threads, "_threads", executor)
        yield


def run(work):
    return asyncio.run(asyncio.wait_for(work, LIMIT_SECONDS))


def test_who_waits_too_long_for_a_thread_is_refused_and_nothing_is_done_for_them(settings):
    settings.WEBNET_REQUEST_SECONDS = 0.05
    is_free, done = Event(), []

    async def ask():
        busy = asyncio.ensure_future(threads.on_thread(is_free.wait, LIMIT_SECONDS))
        await asyncio.sleep(0)  # It has the thread.
        try:
            with pytest.raises(DeadlineExceeded):
                await threads.serve_on_thread("/graphql/", done.append, "begun")
        finally:
            is_free.set()
        await busy
        await threads.on_thread(done.append, "next")

    run(ask())

    assert done == ["next"]


def test_what_a_client_asked_for_is_over_once_it_has_left():
    begun, has_left, found = Event(), Event(), []

    def work() -> None:
        begun.set()
        has_left.wait(LIMIT_SECONDS)
        found.append(current_deadline())

    async def ask_and_leave():
        asking = asyncio.ensure_future(threads.serve_on_thread("/graphql/", work))
        while not begun.is_set():
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        has_left.set()
        await threads.on_thread(bool)  # It has ended by then.

    run(ask_and_leave())

    assert [deadline.is_over() for deadline in found] == [True]


def test_each_page_of_what_a_stream_has_missed_has_a_time_of_its_own_and_others_are_served_in_between(monkeypatch):
    found: list[Deadline | str | None] = []

    def read(*, after: int, **_):
        found.append(current_deadline())
        return [], after + 1

    async def follow():
        follower = make_feed(monkeypatch, read)
        following = asyncio.ensure_future(anext(follower.follow(SimpleNamespace(position=3))))
        while not found:
            await asyncio.sleep(0)
        await threads.on_thread(found.append, "another")
        while not follower.is_live:
            await asyncio.sleep(0)
        following.cancel()

    run(follow())

    deadlines = [each for each in found if isinstance(each, Deadline)]
    assert len(set(deadlines)) == 3
    assert found.index("another") < 3


def test_a_page_that_takes_too_long_ends_the_stream_with_the_code(monkeypatch, settings):
    settings.WEBNET_REQUEST_SECONDS = 0.05

    def read(**_):
        latest = monotonic() + LIMIT_SECONDS / 4
        while monotonic() < latest:
            check_deadline()
        return [], 1

    with pytest.raises(DeadlineExceeded):
        run(anext(make_feed(monkeypatch, read).follow(SimpleNamespace(position=1))))


@pytest.mark.django_db
def test_a_page_covers_a_part_of_the_log_whatever_is_asked_for():
    audience = Audience(customers=None, is_platform=True, view="", wanted=None, filter_key="")

    assert audience.read(after=7, until=10_000_000, limit=100) == ([], 7 + SEARCHED_ROWS)
    assert audience.read(after=7, until=9, limit=100) == ([], 9)


def test_asynchronous_code_for_an_event_has_the_time_too(settings):
    settings.WEBNET_REQUEST_SECONDS = 0.05

    async def give_up():
        raise TimeoutError("of the plugin")

    with pytest.raises(DeadlineExceeded):
        run(sse._in_time(asyncio.sleep(LIMIT_SECONDS)))
    with pytest.raises(TimeoutError, match="of the plugin"):
        run(sse._in_time(give_up()))


def make_feed(monkeypatch, read) -> Feed:
    """One whose pages are read so, in a log that was not replaced."""
    monkeypatch.setattr(Audience, "of", lambda *_: SimpleNamespace(read=read, view=""))
    monkeypatch.setattr(LogPlace, "is_in_log", lambda _: True)
    context = SimpleNamespace(request=RequestFactory().post("/graphql/"))
    return Feed(context, start=LogPlace(position=0, hash=""), wanted=None)
