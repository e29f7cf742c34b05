"""Streams a plugin's page: limits how many there are and how long each lives, and says which plugin failed.

A page is produced by whoever iterates it: a thread of its own in webnet's server (`webnet.server.asgi.page_streams`),
and the thread of its request under plain WSGI.
"""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from threading import Lock
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.db import connections
from django.http import FileResponse, StreamingHttpResponse
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation

from webnet.errors import DeadlineExceeded, RateLimited
from webnet.plugins.runtime.calls import CheckedCall, calling, take_turns
from webnet.plugins.runtime.failures import count_for_user
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

# In one process. Each open page takes a thread, and a database connection if it needs one.
MAXIMUM_PER_PLUGIN = 4  # and customer
MAXIMUM_PAGES = 64
RETRY_AFTER_SECONDS = 10
# How long a page may be open, as a multiple of WEBNET_REQUEST_DEADLINE, which is the limit for each of its pieces.
LIFE_IN_DEADLINES = 10
# An asynchronous page that does not end when it is closed is left alone after this time.
CLOSING_SECONDS = 5
# A file is read in pieces of 4 KiB, and each piece would cost a switch between threads.
FILE_PIECE_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class PageCall:
    """Whose page it is, and for whom; `plugin` is empty for what webnet itself streams."""

    plugin: str
    page: str
    customer_id: int
    customer: str
    user_id: int | None

    def __str__(self) -> str:
        if not self.plugin:
            return f"'{self.page}' for '{self.customer}'"
        return f"Plugin '{self.plugin}' for '{self.customer}': its page '{self.page}'"

    def entered(self) -> CheckedCall:
        """A call of the plugin's code, to be entered around it."""
        return calling(self.plugin, f"the page '{self.page}'", self.customer_id, self.user_id)


class PageOverdue(Exception):
    """The page, or a piece of it, took too long; `is_piece` if it waits for a piece. It was logged and counted."""

    def __init__(self, *, is_piece: bool) -> None:
        super().__init__("A page took too long.")
        self.is_piece = is_piece


class PageFailed(Exception):
    """The page raised while it was streamed, which was logged and counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Seat:
    """That of one open page."""

    plugin: str
    customer_id: int


class Seats:
    """How many pages are being streamed by this process; thread-safe."""

    def __init__(self) -> None:
        self._taken: set[Seat] = set()
        self._lock = Lock()

    def take(self, plugin: str, customer_id: int) -> Seat:
        """Count one more; raises RateLimited if there are too many."""
        seat = Seat(plugin=plugin, customer_id=customer_id)
        with self._lock:
            taken = self._taken.copy()  # Others leave meanwhile.
            if sum((each.plugin, each.customer_id) == (plugin, customer_id) for each in taken) >= MAXIMUM_PER_PLUGIN:
                if plugin:
                    message = sentence(
                        "This plugin streams {count} pages already: close one, or try again later.",
                        count=MAXIMUM_PER_PLUGIN,
                    )
                else:
                    message = sentence(
                        "{count} downloads run already: close one, or try again later.", count=MAXIMUM_PER_PLUGIN
                    )
                raise RateLimited(message, retry_after_seconds=RETRY_AFTER_SECONDS)
            if len(taken) >= MAXIMUM_PAGES:
                message = sentence(
                    "Too many pages are being streamed: try again in {seconds} seconds.", seconds=RETRY_AFTER_SECONDS
                )
                raise RateLimited(message, retry_after_seconds=RETRY_AFTER_SECONDS)
            self._taken.add(seat)
        return seat

    def free(self, seat: Seat) -> None:
        """Count it no more. It takes no lock: garbage may be collected on a thread that has it."""
        self._taken.discard(seat)


seats = Seats()


class StreamedPage(StreamingHttpResponse):
    """The response of a plugin's page that is streamed; `pieces` is its content."""

    def __init__(self, response: StreamingHttpResponse, call: PageCall) -> None:
        """Raises RateLimited if too many pages are open."""
        self.pieces = Pieces(response, call)
        super().__init__(
            self.pieces, status=response.status_code, reason=response.reason_phrase, headers=dict(response.headers)
        )
        self.cookies = response.cookies


class Pieces:
    """The pieces of a page, in time and named for the log; all but `give_up` and `stop` on one thread.

    Whether the plugin's iterator is asynchronous makes no difference to who iterates this one.
    """

    def __init__(self, response: StreamingHttpResponse, call: PageCall) -> None:
        # Called once, by `close`, or when a response is dropped that nobody closes.
        self._leave_seat = weakref.finalize(self, seats.free, seats.take(call.plugin, call.customer_id))
        self._leave_seat.atexit = False
        self.call = call
        self._response = response
        self._source = _open(response, call)
        self._opened = time.monotonic()
        self._plugin_seconds = 0.0
        self._is_reported = self._is_stopped = False
        # Both belong to the thread of the request, and shall be those of whichever thread iterates.
        self._language, self._script_prefix = translation.get_language(), get_script_prefix()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if time.monotonic() - self._opened > life_seconds():
            self.give_up(is_piece=False)
            raise PageOverdue(is_piece=False)
        set_script_prefix(self._script_prefix)
        begun = time.monotonic()
        try:
            with translation.override(self._language):
                return self._step()
        except StopIteration:
            raise
        except (PageOverdue, DeadlineExceeded) as overdue:
            if self._is_stopped:  # Its statement was interrupted, since nobody reads the page any more.
                raise StopIteration from overdue
            self.give_up(is_piece=True)
            raise PageOverdue(is_piece=True) from overdue
        except Exception as error:
            self._report(error)
            raise PageFailed from error
        finally:
            self._plugin_seconds += time.monotonic() - begun

    def _step(self) -> bytes:
        if isinstance(self._source, AsyncSteps):
            return next(self._source)
        with self._entered():
            return next(self._source)

    def _entered(self) -> AbstractContextManager[object]:
        return self.call.entered() if self.call.plugin else nullcontext()

    def give_up(self, *, is_piece: bool) -> None:
        """Log that it took too long, and count it unless it was the client that was slow."""
        if self._is_reported:
            return
        self._is_reported = True
        waited = settings.WEBNET_REQUEST_DEADLINE if is_piece else life_seconds()
        reason = "it sent nothing" if is_piece else "it was open"
        logger.error("%s was ended, since %s for %d seconds.", self.call, reason, waited)
        if is_piece or self._plugin_seconds > waited / 2:
            self._count(None)

    def stop(self) -> None:
        """Have an asynchronous page end soon, from any thread; another one ends after its current piece."""
        self._is_stopped = True
        if isinstance(self._source, AsyncSteps):
            self._source.cancel()

    def close(self) -> None:
        """Close the plugin's iterator, whose `finally` blocks run, and give the seat to another page."""
        if not self._leave_seat.alive:
            return
        try:
            with translation.override(self._language), self._entered():
                if isinstance(self._source, AsyncSteps):
                    self._source.close()
                self._response.close()
        except Exception as error:  # noqa: BLE001 - it is the plugin's code, and nobody waits for it any more
            self._report(error)
        finally:
            self._leave_seat()

    def _report(self, error: BaseException) -> None:
        if not self._is_reported:
            self._is_reported = True
            logger.error("%s failed while it was streamed.", self.call, exc_info=error)
            self._count(error)

    def _count(self, error: BaseException | None) -> None:
        call, place = self.call, f"on the page '{self.call.page}'"
        if not call.plugin:
            return
        count_for_user(call.plugin, user_id=call.user_id, customer_id=call.customer_id, raised=error, place=place)


class AsyncSteps:
    """An asynchronous iterator as an ordinary one: it runs in an event loop of its own, for as long as a piece takes.

    Django would collect all of its pieces first, which never ends if they don't.
    """

    def __init__(self, source: AsyncIterator[bytes], call: PageCall) -> None:
        self._source = source
        self._call = call
        self._runner = asyncio.Runner()
        self._context: Context | None = None
        # Database calls of the plugin run on a thread that belongs to this page, not on one that all pages share.
        self._own_thread: Any = ThreadSensitiveContext()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._step: asyncio.Task[Any] | None = None
        self._is_cancelled = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._context is None:
            self._context = copy_context()
            self._loop = self._runner.get_loop()
            self._runner.run(self._own_thread.__aenter__(), context=self._context)
        piece = self._runner.run(self._next(), context=self._context)
        if piece is None:
            raise StopIteration
        return piece

    def cancel(self) -> None:
        """Cancel the current step, from any thread."""
        self._is_cancelled = True
        if self._loop is not None:
            with suppress(RuntimeError):  # It was closed.
                self._loop.call_soon_threadsafe(self._cancel_step)

    def close(self) -> None:
        """Run the `finally` blocks, and end the loop."""
        if self._context is not None:
            self._runner.run(self._finish(), context=self._context)
        self._runner.close()

    async def _next(self) -> bytes | None:
        if self._is_cancelled:
            return None
        self._step = asyncio.current_task()
        try:
            async with asyncio.timeout(settings.WEBNET_REQUEST_DEADLINE) as deadline:
                return await take_turns(anext(self._source), self._call.entered())
        except StopAsyncIteration:
            return None
        except asyncio.CancelledError:
            if not self._is_cancelled:
                raise
            return None
        except TimeoutError:
            if deadline.expired():
                raise PageOverdue(is_piece=True) from None
            raise
        finally:
            self._step = None

    def _cancel_step(self) -> None:
        if self._step is not None:
            self._step.cancel()

    async def _finish(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().shutdown_asyncgens(), CLOSING_SECONDS)
        await sync_to_async(connections.close_all)()
        await self._own_thread.__aexit__(None, None, None)


def life_seconds() -> float:
    """How long a page may be open."""
    return float(settings.WEBNET_REQUEST_DEADLINE * LIFE_IN_DEADLINES)


def _open(response: StreamingHttpResponse, call: PageCall) -> Iterator[bytes]:
    content: Any = response.streaming_content
    if response.is_async:
        return AsyncSteps(content, call)
    return _join(content) if isinstance(response, FileResponse) else content


def _join(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Larger pieces, of a file that never keeps one waiting."""
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) >= FILE_PIECE_BYTES:
            yield bytes(joined)
            joined.clear()
    if joined:
        yield bytes(joined)
