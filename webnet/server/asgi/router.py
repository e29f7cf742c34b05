"""Routes GraphQL's event streams to Django's ASGI handler, and all other requests to its WSGI handler on threads.

Django serves a request at a fraction of the cost with WSGI, but a stream would occupy a thread for hours. `admission`
decides which request gets a thread.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any

from a2wsgi.wsgi import build_environ
from django.conf import settings

from webnet import metrics
from webnet.api.events import threads as threads_of_streams
from webnet.api.http.requests import MAXIMUM_BODY_BYTES
from webnet.body_errors import BodyRefused, BodyTooLarge, BodyTooSlow
from webnet.console.dashboard.streamed_pages import StreamedPage
from webnet.console.security_headers import cors_headers_without_django, headers_without_django
from webnet.database.deadlines import Deadline
from webnet.errors import DatabaseOutage, DeadlineExceeded, ServerBusy
from webnet.plugins.runtime import open_requests
from webnet.server.asgi.admission import (
    Abandoned,
    Admission,
    ThreadQueue,
    describe_refusal,
    is_graphql,
    is_write,
    may_subscribe,
)
from webnet.server.asgi.client_messages import Departure, receive_body, replay
from webnet.server.asgi.django_handlers import StreamHandler, make_wsgi_handler
from webnet.server.asgi.lifespan import serve_lifespan
from webnet.server.asgi.page_streams import send_page
from webnet.server.asgi.shares import Callers
from webnet.server.asgi.types import Application, Message, Receive, Scope, Send
from webnet.server.background.heartbeat import Heartbeat
from webnet.server.background.watchdog import watch
from webnet.server.database_faults import SILENT
from webnet.server.observability.request_log import tracing_requests

# Larger request bodies are kept in a temporary file: there may be thousands of them at the same time.
BODY_MEMORY_BYTES = 65_536
# How the metrics name what a client has sent in vain. A body that is incomplete is mostly that of one that has left.
COUNTED_REFUSALS = {BodyTooSlow.code: "slow_body", BodyTooLarge.code: "large_body"}
# What must be answered although all threads are busy.
HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")
# How long the database may take for it, in all; load balancers wait for a few seconds.
HEALTH_SECONDS = 2.0
# The thread itself finds out first that the database takes too long, and answers.
GRACE_SECONDS = 1.0

WSGIApplication = Callable[..., Any]
Headers = list[tuple[bytes, bytes]]


def make_application(*, threads: int, hand_over: Callable[[], None] | None = None) -> Application:
    """The ASGI application that serves all of webnet; Django must be set up.

    `hand_over` has the process replaced once a thread hangs; it is given where a supervisor starts another process.
    """
    service = Service(
        admission=Admission(threads=threads),
        callers=Callers(),
        requests=make_wsgi_handler(),
        streams=StreamHandler(),
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                scope = with_root_path(without_ambiguous_headers(scope))
                await service.serve(scope, receive, with_security_headers(scope, send))
            case "lifespan":
                replace_thread = partial(service.replace_thread, asyncio.get_running_loop())
                with Heartbeat(), watch(replace_thread, hand_over), tracing_requests():
                    await serve_lifespan(receive, send)
                service.admission.shut_down()
                for queue in service.health.values():
                    queue.shut_down()
            case _:
                await send({"type": "websocket.close"})

    return application


@dataclass(frozen=True, kw_only=True)
class Service:
    """What serves the requests of one process."""

    admission: Admission
    callers: Callers
    requests: WSGIApplication
    streams: Application
    # A thread for each address by which others see how this process is, so that none of them waits for anything else.
    health: Mapping[str, ThreadQueue] = field(
        default_factory=lambda: {
            path: ThreadQueue(
                f"webnet{path.replace('/', '-')}",
                threads=1,
                lock_seconds=HEALTH_SECONDS / 2,
                patience_seconds=HEALTH_SECONDS,
            )
            for path in HEALTH_PATHS
        }
    )

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive the whole body before a thread starts to work.

        Otherwise a slow upload would occupy a thread, and a chunked body, which has no length, would be invisible to
        WSGI.
        """
        if (own := self.health.get(scope["path"].removeprefix(scope["root_path"]))) is not None:
            await self._answer_health(scope, own, send)
            return
        with tempfile.SpooledTemporaryFile(BODY_MEMORY_BYTES) as body:
            try:
                await receive_body(scope, receive, body)
            except BodyRefused as refusal:
                await _refuse_body(scope, refusal, send)
                return
            length = body.tell()
            body.seek(0)
            beginning = body.read(MAXIMUM_BODY_BYTES)
            body.seek(0)
            if is_graphql(scope) and wants_stream(scope) and may_subscribe(scope, beginning):
                await self.streams(scope, replay(body, receive), send)
                return
            environ = build_environ(_with_content_length(scope, length), body)  # type: ignore[arg-type]  # A file will do.
            departure = Departure(receive)
            try:
                await self._answer(
                    scope, environ, _send_while_connected(send), departure, writes=is_write(scope, beginning)
                )
            except Abandoned:
                return
            finally:
                departure.end()

    async def _answer(
        self, scope: Scope, environ: Mapping[str, Any], send: Send, departure: Departure, *, writes: bool
    ) -> None:
        caller = self.callers.find(scope)
        deadline = open_requests.make_deadline(writes=writes)
        if deadline is not None:
            departure.left.add_done_callback(lambda _: deadline.leave())
        if self.admission.must_wait(caller, writes=writes):
            departure.watch()
        work = partial(answer_request, self.requests, environ, deadline)
        try:
            answer = await self.admission.run(work, caller=caller, writes=writes, left=departure.left)
        except (ServerBusy, DatabaseOutage, DeadlineExceeded) as refusal:
            answer = make_refusal(scope, refusal)
        self.callers.learn(caller, customer_id=answer.customer_id, user_id=answer.user_id)
        if answer.page is None:
            await send_answer(answer, send)
            return
        departure.watch()
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send_page(answer.page, path=environ["PATH_INFO"], send=send, left=departure.left)

    async def _answer_health(self, scope: Scope, own: ThreadQueue, send: Send) -> None:
        """Answer on the thread of that address, or without it if that hangs, such as in a database that is silent."""
        environ = build_environ(_with_content_length(scope, 0), BytesIO())  # type: ignore[arg-type]  # A file will do.
        deadline = Deadline(HEALTH_SECONDS, writes=False)
        work = partial(answer_request, self.requests, environ, deadline)
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answering = asyncio.ensure_future(own.run(work, caller=self.callers.find(scope), left=left))
        # Not cancelled: the thread goes on, and who asks next has to wait for it.
        await asyncio.wait({answering}, timeout=HEALTH_SECONDS + GRACE_SECONDS)
        if answering.done() and answering.exception() is None:
            await send_answer(answering.result(), send)
            return
        text = json.dumps({"status": "unready", "reason": SILENT}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
        await send_answer(Answer(status=503, headers=headers, body=[text]), send)

    def replace_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        """Add a thread in place of one that hangs; called by the watchdog's thread."""
        threads_of_streams.replace_thread()
        self.admission.replace_thread(loop)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response: all of its body, or the page that is yet to be streamed; and who was let in, if anybody was."""

    status: int
    headers: Headers
    body: Sequence[bytes] = ()
    page: StreamedPage | None = None
    customer_id: int | None = None
    user_id: int | None = None


def make_refusal(scope: Scope, refusal: ServerBusy | DatabaseOutage | DeadlineExceeded | BodyRefused) -> Answer:
    """The response to a request that is refused without Django."""
    headers, text = describe_refusal(scope, refusal)
    return Answer(status=refusal.status, headers=headers, body=[text])


async def send_answer(answer: Answer, send: Send) -> None:
    """Send a response that is complete; one whose body is in one piece leaves in one write, its headers included."""
    *pieces, last = answer.body or (b"",)
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": last})


def answer_request(
    application: WSGIApplication, environ: Mapping[str, Any], deadline: Deadline | None = None
) -> Answer:
    """The response of the WSGI application, on a thread of `admission` and seen by the watchdog.

    A streamed response of the host, such as a static file, is read here to its end and timed chunk by chunk.
    """
    status, headers = 500, Headers()

    def start_response(line: str, fields: Iterable[tuple[str, str]], *_: object) -> None:
        nonlocal status, headers
        status = int(line.split(" ", 1)[0])
        headers = [(name.strip().encode("latin1").lower(), text.strip().encode("latin1")) for name, text in fields]

    with open_requests.working(environ["PATH_INFO"], deadline) as work:
        try:
            response = application(environ, start_response)
        except Exception:
            raise
        except BaseException as error:
            # On the event loop, SystemExit would end the whole process.
            raise RuntimeError(f"A request raised {type(error).__name__}.") from error
        made = partial(
            Answer,
            customer_id=work.customer_id,
            user_id=work.actor.user_id if work.actor is not None else None,
        )
        if isinstance(response, StreamedPage) and environ["REQUEST_METHOD"] != "HEAD":
            return made(status=status, headers=headers, page=response)
        body = []
        try:
            for chunk in () if isinstance(response, StreamedPage) else response:
                body.append(chunk)
                work.renew()
        finally:
            response.close()
    return made(status=status, headers=headers, body=body)


def wants_stream(scope: Scope) -> bool:
    """Whether the client accepts `text/event-stream`, alone or among others."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return any(part.split(b";")[0].strip().lower() == b"text/event-stream" for part in accepted.split(b","))


def with_security_headers(scope: Scope, send: Send) -> Send:
    """A `send` that adds the security headers that a response lacks: Django adds them only to its own."""

    def find(name: bytes) -> str:
        return b",".join(value for each, value in scope["headers"] if each == name).decode("latin1")

    async def send_with_headers(message: Message) -> None:
        # Django writes the names of a stream's headers as they are.
        is_start = message["type"] == "http.response.start"
        if is_start and not any(name.lower() == b"x-request-id" for name, _ in message["headers"]):
            added = headers_without_django(find(b"x-request-id"))
            if is_graphql(scope):
                added |= cors_headers_without_django(find(b"origin"))
            encoded = ((name.lower().encode(), value.encode()) for name, value in added.items())
            message = {**message, "headers": [*message["headers"], *encoded]}
        await send(message)

    return send_with_headers


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


async def _refuse_body(scope: Scope, refusal: BodyRefused, send: Send) -> None:
    if refusal.code in COUNTED_REFUSALS:
        metrics.refused_requests.labels(COUNTED_REFUSALS[refusal.code]).inc()
    # The client may still be there after a disconnect: granian says the same of chunks that make no sense, and answers
    # 500 itself if nobody else does.
    await send_answer(make_refusal(scope, refusal), _send_while_connected(send))


def _with_content_length(scope: Scope, length: int) -> Scope:
    kept = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}


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
