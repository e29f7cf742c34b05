"""Routes event streams to Django's ASGI handler, and all other requests to its WSGI handler on a pool of threads.

Django serves a request at a fraction of the cost with WSGI, but a stream would occupy a thread for hours. The pool is
small and its threads live on, so that each keeps its database connection.
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
from django.conf import settings
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

# Larger request bodies are kept in a temporary file; the same limit as in Django's own handlers.
BODY_MEMORY_BYTES = 2_621_440
BODY_CHUNK_BYTES = 65_536
GRAPHQL_PATH = "/graphql/"
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def make_application(*, threads: int, leave: Callable[[], None] | None = None) -> Application:
    """The ASGI application that serves all of webnet; Django must be set up.

    `leave` ends the process once a thread hangs; it is given where a supervisor starts another process.
    """
    streams = StreamHandler()
    # Size 0 is an unbounded queue of response chunks: with a bounded one, a slow client would block a thread.
    threaded = WSGIMiddleware(cast("Any", track_requests(get_wsgi_application())), workers=threads, send_queue_size=0)
    requests = cast("Application", threaded)

    def replace_thread() -> None:
        threads_of_streams.replace_thread()
        threads_of_streams.widen(threaded.executor)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http" if wants_stream(scope):
                await streams(with_root_path(without_ambiguous_headers(scope)), receive, send)
            case "http":
                await serve_request(requests, with_root_path(without_ambiguous_headers(scope)), receive, send)
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
    """Drop header names with an underscore: WSGI can't tell them from those with a hyphen, set by a trusted proxy."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if b"_" not in name]}


def with_root_path(scope: Scope) -> Scope:
    """The scope as ASGI wants it: `root_path` is where webnet is served, and `path` begins with it.

    Some proxies remove it from the path, and others do not; what asks webnet directly does not know it.
    """
    root_path, path = settings.WEBNET_SCRIPT_NAME or scope.get("root_path", ""), scope["path"]
    if not f"{path}/".startswith(f"{root_path}/"):
        path = root_path + path
    return {**scope, "root_path": root_path, "path": path}


async def serve_request(requests: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Receive the whole body before a thread starts to work; a client that disconnects before its end gets nothing.

    Otherwise a slow upload would occupy a thread, a chunked body (which has no length) would be invisible to WSGI, and
    a client that disconnects while its request waits for a thread would look like one that sent an empty body.
    """
    with tempfile.SpooledTemporaryFile(BODY_MEMORY_BYTES) as body:
        if not await _receive_body(body, receive):
            return
        length = str(body.tell()).encode()
        body.seek(0)
        await requests(_with_content_length(scope, length), _replay(body), _send_while_connected(send))


def track_requests(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterator[bytes]]:
    """Wrap a WSGI application so that the watchdog sees its requests; streamed responses are timed chunk by chunk."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        with open_requests.working(environ["PATH_INFO"]) as work:
            response = application(environ, start_response)
            with closing(cast("Any", response)):
                for chunk in response:
                    yield chunk
                    work.renew()

    return serve


async def _receive_body(body: IO[bytes], receive: Receive) -> bool:
    """Write the body to the file. False when the client disconnects before its end."""
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
    """A `receive` that yields the body again. Granian's own is not a coroutine function, which a2wsgi requires."""

    async def receive() -> Message:
        chunk = body.read(BODY_CHUNK_BYTES)
        return {"type": "http.request", "body": chunk, "more_body": len(chunk) == BODY_CHUNK_BYTES}

    return receive


def _send_while_connected(send: Send) -> Send:
    """A `send` that ignores everything once the client has disconnected, so that the view still runs to its end."""
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
    """Handle the lifespan protocol, and end open streams on shutdown before the server waits for them."""
    await receive()
    before_stopping(end_all)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    end_all()
    await send({"type": "lifespan.shutdown.complete"})


def before_stopping(end: Callable[[], None]) -> None:
    """Call `end` as soon as a stop signal arrives, before the server's own handler of that signal.

    Servers send the lifespan's shutdown event only when all responses are complete, and streams never are. Call this
    after the server has installed its handlers, which it has when the lifespan starts.
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
    """Serves the URLs of `webnet.urls_streams`."""

    urlconf = "webnet.urls_streams"

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=True)

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """The request, with the URL configuration of streams; or the response to an invalid one."""
        created = super().create_request(scope, body_file)
        if created[0] is not None:
            created[0].urlconf = self.urlconf
        return created

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve GraphQL without `ThreadSensitiveContext`, which would keep a thread per stream for hours.

        Without it, the few parts of the middleware that must not run on the event loop share one thread; the database
        is read on the threads of `webnet.api.events.threads`. All other URLs get a thread per request, whose database
        connections are closed with it.
        """
        if scope["path"].removeprefix(scope["root_path"]).startswith(GRAPHQL_PATH):
            await self.handle(scope, receive, send)
            return
        async with ThreadSensitiveContext():
            try:
                await self.handle(scope, receive, send)
            finally:
                await sync_to_async(connections.close_all)()
