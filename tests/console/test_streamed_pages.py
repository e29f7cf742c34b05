"""Pages that plugins stream: as they were made, within limits, and as a failure of the plugin where they fail."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from threading import Event
from time import monotonic
from types import SimpleNamespace

import pytest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import translation

from tests.console.pages import LARGE
from tests.databases import one_database_is_enough
from webnet.console.dashboard import streamed_pages
from webnet.console.dashboard.streamed_pages import PageFailed, PageOverdue, StreamedPage, seats
from webnet.customers.models import User
from webnet.errors import DeadlineExceeded
from webnet.plugins.runtime import failures
from webnet.server.asgi.page_streams import PageStream, send_page
from webnet.server.background import hung_plugins
from webnet.server.background.hung_plugins import HungPlugin

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True)]

ROOT = "/c/acme/plugins/pages/"
# Far more than any of this takes, also where the machine stands still for a while.
LIMIT_SECONDS = 60


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    failures.counter.take()
    yield
    failures.counter.take()


def counted() -> list[str]:
    return [count.error for count in failures.counter.take().values()]


def sent(page: StreamedPage, *, leave_after: bytes = b"-") -> list[bytes]:
    """The pieces as webnet's server sends them, with the end of the response as an empty one."""
    messages: list[bytes] = []

    async def serve() -> None:
        left: asyncio.Future[None] = asyncio.Future()

        async def send(message: dict[str, bytes]) -> None:
            messages.append(message["body"])
            if message["body"] == leave_after:
                left.set_result(None)

        await send_page(page, path=ROOT, send=send, left=left)

    asyncio.run(serve())
    return messages


def read(page: HttpResponseBase) -> bytes:
    try:
        return b"".join(page)
    finally:
        page.close()


@pytest.mark.parametrize("deliver", [read, lambda page: b"".join(sent(page))], ids=["wsgi", "webnet"])
def test_a_streamed_page_is_in_the_viewers_language_whoever_iterates_it(browse, deliver):
    page = browse("vera").get(f"{ROOT}in_pieces/", headers={"Accept-Language": "de"})

    with translation.override("en"):
        assert deliver(page).decode() == "one Montag three "
    assert seats._taken == set()


def test_an_asynchronous_page_is_streamed_piece_by_piece_under_plain_wsgi(browse):
    page = browse("vera").get(f"{ROOT}in_pieces_later/")

    pieces = iter(page)
    first = [next(pieces), next(pieces)]
    page.close()

    assert first == [b"0 of acme with 5", b"1 of acme with 5"]
    assert seats._taken == set()


@pytest.mark.parametrize("deliver", [read, lambda page: b"".join(sent(page))], ids=["wsgi", "webnet"])
def test_a_file_arrives_whole_and_keeps_its_headers(browse, deliver):
    page = browse("vera").get(f"{ROOT}file/")

    assert deliver(page) == LARGE
    assert page["Content-Length"] == str(len(LARGE))
    assert page["Content-Disposition"] == 'attachment; filename="large.bin"'
    assert "no-store" in page["Cache-Control"]


def test_a_file_is_not_sent_in_the_smallest_of_pieces(browse):
    assert len(sent(browse("vera").get(f"{ROOT}file/"))) == len(LARGE) / 65_536 + 1


def test_more_pages_than_a_plugin_may_stream_for_a_customer_are_refused_until_one_is_closed(browse):
    vera = browse("vera")
    opened = [vera.get(f"{ROOT}in_pieces/") for _ in range(4)]

    refused = vera.get(f"{ROOT}in_pieces/")
    opened.pop().close()
    again = vera.get(f"{ROOT}in_pieces/")

    assert (refused.status_code, refused["Retry-After"]) == (429, "10")
    assert "This plugin streams 4 pages already" in refused.text
    assert again.status_code == 200
    for page in (*opened, again):
        page.close()


def test_a_page_that_nobody_closes_gives_its_seat_back(browse):
    browse("vera").get(f"{ROOT}in_pieces/")  # Dropped, as by a middleware that raises.

    gc.collect()  # The test client's responses refer to themselves.
    assert seats._taken == set()


def test_a_page_that_is_collected_while_its_thread_counts_another_gives_its_seat_back(browse):
    browse("vera").get(f"{ROOT}in_pieces/")
    collecting = threading.Thread(target=gc.collect, daemon=True)  # A deadlock would hold up nobody else.

    with seats._lock:
        collecting.start()
        collecting.join(LIMIT_SECONDS)

    assert seats._taken == set()


def test_a_page_that_fails_halfway_is_not_completed_and_counts_for_its_plugin(browse, caplog):
    pieces = sent(browse("vera").get(f"{ROOT}failing_halfway/"))

    assert pieces == [b"half"]
    assert "Plugin 'pages' for 'acme': its page 'failing_halfway' failed while it was streamed." in caplog.text
    assert counted() == ["RuntimeError on the page 'failing_halfway'"]


def test_under_plain_wsgi_it_raises_so_that_the_server_cuts_the_connection(browse):
    with pytest.raises(PageFailed):
        read(browse("vera").get(f"{ROOT}failing_halfway/"))

    assert counted() == ["RuntimeError on the page 'failing_halfway'"]


@pytest.mark.parametrize(("plugin_seconds", "expected"), [(0, []), (600, ["Timeout on the page 'in_pieces_later'"])])
def test_a_page_that_is_open_for_too_long_counts_unless_its_client_was_slow(browse, plugin_seconds, expected):
    page = browse("vera").get(f"{ROOT}in_pieces_later/")
    pieces = page.pieces
    pieces._opened -= streamed_pages.life_seconds() + 1
    pieces._plugin_seconds = plugin_seconds

    with pytest.raises(PageOverdue):
        next(iter(page))
    page.close()

    assert counted() == expected


@pytest.fixture
def stream(browse) -> Callable[[Iterator[bytes]], StreamedPage]:
    """Call it with pieces: a page of them."""
    known = browse("vera").get(f"{ROOT}in_pieces/")
    known.close()
    return lambda pieces: StreamedPage(StreamingHttpResponse(pieces), known.pieces.call)


def wait_until_closed() -> None:
    """Until the thread of the page has ended."""
    for thread in threading.enumerate():
        if thread.name == "page-pages":
            thread.join(LIMIT_SECONDS)
            if thread.is_alive():
                faulthandler.dump_traceback()  # shows where it is
    assert seats._taken == set()


def ask_again_and_again(ended: Future[str]) -> Iterator[bytes]:
    yield b"first"
    latest = monotonic() + LIMIT_SECONDS
    try:
        while monotonic() < latest:
            User.objects.exists()
    except DeadlineExceeded as error:
        ended.set_result(error.code)
        raise


def test_once_the_client_has_left_no_statement_of_a_page_begins_and_it_is_no_failure(stream):
    ended: Future[str] = Future()

    pieces = sent(stream(ask_again_and_again(ended)), leave_after=b"first")

    assert pieces == [b"first"]
    assert ended.result(LIMIT_SECONDS) == "DEADLINE_EXCEEDED"
    wait_until_closed()
    assert counted() == []


def test_no_statement_of_a_page_begins_after_the_time_of_a_piece(stream, settings, monkeypatch):
    settings.WEBNET_REQUEST_DEADLINE = 0.05
    paused: Future[list[HungPlugin]] = Future()
    monkeypatch.setattr(hung_plugins, "pause_all", paused.set_result)
    ended: Future[str] = Future()

    pieces = sent(stream(ask_again_and_again(ended)))

    assert pieces == [b"first"]
    assert ended.result(LIMIT_SECONDS) == "DEADLINE_EXCEEDED"
    assert [each.plugin for each in paused.result(LIMIT_SECONDS)] == ["pages"]
    wait_until_closed()
    assert counted() == ["Timeout on the page 'in_pieces'"]


def test_what_a_page_does_last_is_done_although_its_client_has_left(stream):
    ended: Future[bool] = Future()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"first"
            yield b"second"
        finally:
            ended.set_result(User.objects.exists())

    assert sent(stream(pieces()), leave_after=b"first") == [b"first"]
    assert ended.result(LIMIT_SECONDS)
    wait_until_closed()


def test_a_page_is_closed_although_the_event_loop_has_ended(stream):
    produced, ended = Event(), Event()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"first"
            produced.set()
            yield b"second"
        finally:
            ended.set()

    async def serve() -> None:
        opened = PageStream(stream(pieces()), path=ROOT)
        first, taken = await opened._offered.get()
        opened._loop = SimpleNamespace(call_soon_threadsafe=lambda *_: None)
        taken.set_result(first == b"first")
        assert await asyncio.to_thread(produced.wait, LIMIT_SECONDS)
        opened.end()

    asyncio.run(serve())

    assert ended.wait(LIMIT_SECONDS)
    wait_until_closed()
