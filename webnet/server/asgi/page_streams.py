"""Sends a streamed page to its client: its plugin runs on a thread of the page's own, piece by piece.

The thread waits until a piece was sent before it asks for the next one. It ends soon after the client has left, or the
page's time is over; a plugin that hangs keeps it, and the watchdog sees that.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from enum import Enum
from threading import Thread

from django.conf import settings
from django.db import connections

from webnet.console.dashboard.streamed_pages import PageFailed, PageOverdue, StreamedPage, life_seconds
from webnet.database.deadlines import Deadline, until
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.open_requests import Work
from webnet.server.asgi.types import Send
from webnet.server.background import hung_plugins
from webnet.server.background.hung_plugins import HungPlugin

# The watchdog, and the loop of an asynchronous page, notice first what is late.
GRACE_SECONDS = 1.0


async def send_page(page: StreamedPage, *, path: str, send: Send, left: asyncio.Future[None]) -> None:
    """Send the pieces until the page is complete, the client leaves, or the page takes too long.

    A page that fails is not completed, so that the server closes the connection and the client notices.
    """
    stream = PageStream(page, path=path)
    sending = asyncio.ensure_future(stream.send_all(send))
    try:
        await asyncio.wait({sending, left}, timeout=life_seconds() + GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done() and not left.done():
            page.pieces.give_up(is_piece=False)
    finally:
        sending.cancel()
        stream.end()
    with suppress(asyncio.CancelledError, OSError):  # The client has left.
        await sending


class PageStream:
    """One page and its thread; used on the event loop, but for what the thread runs."""

    def __init__(self, page: StreamedPage, *, path: str) -> None:
        self._page = page
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._offered: asyncio.Queue[tuple[bytes | End, Future[bool]]] = asyncio.Queue()
        # Of the piece that the thread has offered last, done once it was sent: whether the next one is wanted.
        self._taken: Future[bool] | None = None
        self._is_over = False
        # Of each piece, beyond which its statement is interrupted; with WEBNET_DEBUG a breakpoint may take its time.
        self._deadline = None if settings.DEBUG else Deadline(settings.WEBNET_REQUEST_DEADLINE, writes=False)
        # A daemon, which the end of the process does not wait for.
        Thread(target=self._run, name=f"page-{page.pieces.call.plugin}", daemon=True).start()

    async def send_all(self, send: Send) -> None:
        """Send piece by piece; returns early if the page fails, or a piece takes too long."""
        while True:
            try:
                async with asyncio.timeout(settings.WEBNET_REQUEST_DEADLINE + GRACE_SECONDS):
                    piece, taken = await self._offered.get()
            except TimeoutError:
                self._page.pieces.give_up(is_piece=True)
                return
            if piece is End.COMPLETE:
                await send({"type": "http.response.body", "body": b""})
            if isinstance(piece, End):
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            _say(taken, is_wanted=True)

    def end(self) -> None:
        """Want no more pieces, so that the thread closes the page and ends."""
        self._is_over = True
        if self._taken is not None:
            _say(self._taken, is_wanted=False)
        self._page.pieces.stop()
        if self._deadline is not None:  # Last: the page knows by then why its statement is interrupted.
            self._deadline.leave()

    def _run(self) -> None:
        """What the thread does."""
        with open_requests.working(self._path, self._deadline) as work:
            try:
                self._produce(work)
            finally:
                work.renew()
                with until(None):  # What the plugin does last is done although its client has left.
                    self._page.close()
                connections.close_all()

    def _produce(self, work: Work) -> None:
        try:
            for piece in self._page:
                if not self._hand_over(piece).result():
                    return
                work.renew()  # The time in which the client received the piece is not the plugin's.
        except PageFailed:
            self._hand_over(End.FAILED)
        except PageOverdue as overdue:
            self._hand_over(End.FAILED)
            # As the watchdog, for which a breakpoint looks the same. What webnet itself streams has no plugin.
            if overdue.is_piece and self._page.pieces.call.plugin and not settings.DEBUG:
                self._pause()
        else:
            self._hand_over(End.COMPLETE)

    def _hand_over(self, piece: bytes | End) -> Future[bool]:
        taken: Future[bool] = Future()
        # In this order, and `end` in the other one: whichever comes first, the answer is given by the second, although
        # an event loop that has ended calls nothing any more.
        self._taken = taken
        if self._is_over:
            _say(taken, is_wanted=False)
        try:
            self._loop.call_soon_threadsafe(self._offered.put_nowait, (piece, taken))
        except RuntimeError:  # The server has stopped.
            _say(taken, is_wanted=False)
        return taken

    def _pause(self) -> None:
        call = self._page.pieces.call
        hung_plugins.pause_all(
            [HungPlugin(plugin=call.plugin, place=f"the page '{call.page}'", customer=call.customer)]
        )


def _say(taken: Future[bool], *, is_wanted: bool) -> None:
    """Answer whether the next piece is wanted, unless that was answered before."""
    with suppress(InvalidStateError):
        taken.set_result(is_wanted)


class End(Enum):
    """What comes after the last piece."""

    COMPLETE = 1
    FAILED = 2
