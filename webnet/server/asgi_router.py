"""One port, two worlds: event streams go to Django's ASGI handler, everything else to its WSGI handler on threads.

A WSGI request costs a fraction of an ASGI one, and a stream on a thread would keep the thread for itself. The threads
are few and stay, so each keeps its database connection.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from threading import current_thread, main_thread
from types import FrameType
from typing import IO, Any, cast

from a2wsgi import WSGIMiddleware
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.http import HttpResponseBase

from webnet.api.events import threads as threads_of_streams
from webnet.api.events.log_tail import end_all
from webnet.plugins.runtime import open_requests
from webnet.server.asgi_types import Application, Message, Receive, Scope, Send
from webnet.server.heartbeat import Heartbeat
from webnet.server.watchdog import watch

# What a request body may take in memory before it goes to a file, as in Django's own handlers.
BODY_MEMORY_BYTES = 2_621_440
BODY_CHUNK_BYTES = 65_536
GRAPHQL_PATH = "/graphql/"
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def make_application(*, threads: int, leave: Callable[[], None] | None = None) -> Application:
    """The ASGI application that serves all of webnet; Django must be set up.

    `leave` ends the process after a thread has hung, where somebody makes another one.
    """
    streams = StreamHandler()
    # An unbounded queue of answer chunks: with a bounded one, a client that reads slowly would keep a thread waiting.
    threaded = WSGIMiddleware(cast("Any", keep_in_flight(get_wsgi_application())), workers=threads, send_queue_size=0)
    requests = cast("Application", threaded)

    def replace_thread() -> None:
        threads_of_streams.replace_thread()
        threads_of_streams.widen(threaded.executor)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http" if wants_stream(scope):
                await streams(without_ambiguous_headers(scope), receive, send)
            case "http":
                await serve_request(requests, without_ambiguous_headers(scope), receive, send)
            case "lifespan":
                with Heartbeat(), watch(replace_thread, leave):
                    await serve_lifespan(receive, send)
                threaded.executor.shutdown(wait=False)
            case _:
                await send({"type": "websocket.close"})

    return application


def wants_stream(scope: Scope) -> bool:
    """Whether the client accepts `text/event-stream`, alone or among others."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return any(part.split(b";")[0].strip().lower() == b"text/event-stream" for part in accepted.split(b","))


def without_ambiguous_headers(scope: Scope) -> Scope:
    """Leave out names with an underscore: WSGI would take `x_forwarded_proto` for a trusted `x-forwarded-proto`."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if b"_" not in name]}


async def serve_request(requests: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Take the whole body before a thread is taken; nothing runs for a client that left before its body was complete.

    While a request waits for a thread its client may leave, and a body that is read only then comes out empty. A slow
    upload would keep a thread, and a body without a length (chunked) would not be seen by WSGI at all.
    """
    with tempfile.SpooledTemporaryFile(BODY_MEMORY_BYTES) as body:
        if not await _receive_body(body, receive):
            return
        length = str(body.tell()).encode()
        body.seek(0)
        await requests(_with_content_length(scope, length), _replay(body), _send_while_connected(send))


def keep_in_flight(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterator[bytes]]:
    """The same, with each request among those in flight; one that answers in pieces is timed from piece to piece."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        with open_requests.working(environ["PATH_INFO"]) as work:
            response = application(environ, start_response)
            with closing(cast("Any", response)):
                for piece in response:
                    yield piece
                    work.renew()

    return serve


async def _receive_body(body: IO[bytes], receive: Receive) -> bool:
    """Write the body that comes in; false when the client left before its end."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        body.write(message.get("body", b""))
        if not message.get("more_body", False):
            return True


def _with_content_length(scope: Scope, length: bytes) -> Scope:
    kept = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*kept, (b"content-length", length)]}


def _replay(body: IO[bytes]) -> Receive:
    """A `receive` that is a coroutine on every server (granian's own is not, and a2wsgi needs one)."""

    async def receive() -> Message:
        chunk = body.read(BODY_CHUNK_BYTES)
        return {"type": "http.request", "body": chunk, "more_body": len(chunk) == BODY_CHUNK_BYTES}

    return receive


def _send_while_connected(send: Send) -> Send:
    """A `send` that falls silent once the client is gone, so that the view still runs to its end."""
    is_connected = True

    async def send_while_connected(message: Message) -> None:
        nonlocal is_connected
        if not is_connected:
            return
        try:
            await send(message)
        except OSError:
            is_connected = False

    return send_while_connected


async def serve_lifespan(receive: Receive, send: Send) -> None:
    """Answer the server's start and stop; from the start on, open streams end before the server waits for them."""
    await receive()
    before_stopping(end_all)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    end_all()
    await send({"type": "lifespan.shutdown.complete"})


def before_stopping(end: Callable[[], None]) -> None:
    """Call `end` as soon as a signal to stop arrives, then whatever the server does about that signal.

    To be called once the server has set its own handlers, which the start of ASGI's lifespan is after. Servers tell
    an application that they stop only when every answer is at its end, and a stream has none.
    """
    if current_thread() is not main_thread():
        return
    for number in STOP_SIGNALS:
        _put_before(number, end)


def _put_before(number: signal.Signals, end: Callable[[], None]) -> None:
    former = signal.getsignal(number)

    def stop(received: int, frame: FrameType | None) -> None:
        end()
        if callable(former):
            former(received, frame)
        elif former == signal.SIG_DFL:
            signal.signal(received, signal.SIG_DFL)
            signal.raise_signal(received)

    signal.signal(number, stop)


class StreamHandler(ASGIHandler):
    """Serves the addresses in `webnet.urls_streams`."""

    urlconf = "webnet.urls_streams"

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=True)

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """The request, told where to look up its address; or the refusal of one that is no request."""
        outcome = super().create_request(scope, body_file)
        if outcome[0] is not None:
            outcome[0].urlconf = self.urlconf
        return outcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve GraphQL without Django's thread for each request, which a stream would keep for hours.

        The little of the middleware that must not run on the event loop shares one thread there, and the database is
        read on those of `webnet.api.events.threads`. A connection that any other address leaves behind on its thread
        would be lost, so it is closed.
        """
        if scope["path"].startswith(GRAPHQL_PATH):
            await self.handle(scope, receive, send)
            return
        async with ThreadSensitiveContext():
            try:
                await self.handle(scope, receive, send)
            finally:
                await sync_to_async(connections.close_all)()
