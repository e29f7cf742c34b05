"""How a stream ends: complete where coming again is of no use, and otherwise cut, so that clients come again."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from graphql import ExecutionResult, GraphQLError

from tests.events.test_tailer import NOWHERE, Follower, run
from webnet.api.errors import LogReplaced, SubscriptionEnded
from webnet.api.events import feed, log_tail, sse, wakeups
from webnet.errors import Unauthenticated, WebnetError

OPEN = b": open\n\n"


@pytest.fixture(autouse=True)
def _no_log(monkeypatch):
    monkeypatch.setattr(wakeups, "_choose", lambda: None)
    monkeypatch.setattr(log_tail, "read_end", lambda: NOWHERE)
    monkeypatch.setattr(log_tail.Tailer, "_look", lambda *_: log_tail.Look(rows=(), ended={}))


async def silence():
    await asyncio.Event().wait()
    yield


async def read(source, *, reason: WebnetError | None = None, until: bytes = b"-") -> tuple[bytes, bool]:
    """What a stream with this source sends until it ends, for the reason or by itself; and whether it was cut."""
    watch = Follower()
    watch.plugins = frozenset()
    opened = sse.OpenedStream(
        request=RequestFactory().post("/graphql/"),
        executor=SimpleNamespace(is_awaitable=lambda _: False),
        source=source,
        watch=watch,
        fingerprint="",
        question=None,
        language=None,
    )
    sent = b""
    if reason is not None:
        watch.end(reason)
    try:
        async for frame in (await opened.respond()).streaming_content:
            sent += frame
            if until in sent:
                watch.end(Unauthenticated())
    except sse.StreamCut:
        return sent, True
    return sent, False


def make_outage() -> OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    outage = OperationalError("disk I/O error")
    outage.__cause__ = error
    return outage


@pytest.mark.parametrize("code", sorted(sse.COME_AGAIN))
def test_a_stream_whose_client_should_come_again_is_cut_and_shows_no_error(code):
    sent, is_cut = run(read(silence(), reason=WebnetError("Later.", code=code)))

    assert (sent, is_cut) == (OPEN + f": {code}\n\n".encode(), True)


@pytest.mark.parametrize(
    "reason", [Unauthenticated(), LogReplaced(), SubscriptionEnded("It is off.", code="PLUGIN_NOT_EFFECTIVE")]
)
def test_a_stream_that_ended_for_good_is_complete_after_the_reason(reason):
    sent, is_cut = run(read(silence(), reason=reason))

    opened, event, complete, rest = sent.split(b"\n\n")
    kind, data = event.split(b"\n")
    (error,) = json.loads(data.removeprefix(b"data: "))["errors"]
    assert (opened, kind, complete, rest) == (OPEN.strip(), b"event: next", b"event: complete\ndata:", b"")
    assert (error["message"], error["extensions"]["code"]) == (reason.message, reason.code)
    assert not is_cut


def test_no_line_ends_in_a_carriage_return(monkeypatch):
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0)

    sent, _ = run(read(silence(), until=b"still open"))

    assert [event.split(b"\n")[0] for event in sent.split(b"\n\n")[-3:]] == [b"event: next", b"event: complete", b""]
    assert sent.startswith(OPEN + b": still open\n\n") and b"\r" not in sent


def test_a_stream_of_a_database_that_is_lost_when_it_begins_is_cut(monkeypatch):
    def fail():
        raise make_outage()

    monkeypatch.setattr(log_tail, "read_end", fail)

    assert run(read(silence())) == (b": DATABASE_UNAVAILABLE\n\n", True)


def test_an_event_that_the_database_can_not_serve_is_not_lost_since_the_stream_is_cut_before_it(monkeypatch):
    async def one_event():
        yield "an event"

    async def report(_, errors):
        return errors

    failed = GraphQLError("disk I/O error", path=["pluginEvents"], original_error=make_outage())
    monkeypatch.setattr(sse.OpenedStream, "_start", lambda *_: ExecutionResult({"pluginEvents": None}, [failed]))
    monkeypatch.setattr(sse.OpenedStream, "_report", report)

    assert run(read(one_event())) == (OPEN + b": DATABASE_UNAVAILABLE\n\n", True)


def test_who_reads_too_slowly_may_come_again(monkeypatch):
    monkeypatch.setattr(feed, "MAXIMUM_QUEUE_LENGTH", 2)
    monkeypatch.setattr(feed.Audience, "of", lambda *_: None)

    async def offer():
        follower = Follower()
        context = SimpleNamespace(request=RequestFactory().post("/graphql/"))
        slow = feed.Feed(context, start=NOWHERE, wanted=None)
        log_tail._offer(follower, slow, ["edge"] * 3)
        return follower.ended.result().code

    assert run(offer()) in sse.COME_AGAIN
