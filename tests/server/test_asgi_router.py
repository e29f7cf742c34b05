"""The router on an event loop of the test: what is served apart from the threads, and what ends with its client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.databases import with_files_of_its_own
from webnet.database.deadlines import current_deadline
from webnet.server.asgi import client_messages, router
from webnet.server.asgi.admission import Admission
from webnet.server.asgi.client_messages import receive_body, replay
from webnet.server.asgi.django_handlers import StreamHandler
from webnet.server.asgi.router import Answer, Service, send_answer
from webnet.server.asgi.shares import Callers

pytestmark = with_files_of_its_own

PATIENCE_SECONDS = 30
# In which what writes would have been told; a client that leaves is noticed within a tenth of a second.
NOTICE_SECONDS = 5

Serve = Callable[[dict[str, Any]], None]


class Visit:
    """One request, and what was answered; its client leaves when `leave` is called."""

    def __init__(self, method: str, path: str, *body: bytes, **headers: str) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received = 0
        self._left = asyncio.Event()
        # As granian has them: the end of the body is a message of its own.
        self._messages = [{"type": "http.request", "body": part, "more_body": True} for part in body]
        self._messages.append({"type": "http.request", "body": b""})
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "query_string": b"",
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", 80),
        }

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        if self._messages:
            return self._messages.pop(0)
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def leave(self) -> None:
        self._left.set()

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


class Answers(list[bytes]):
    """A complete response of WSGI."""

    def close(self) -> None:
        pass


def make_service(work: Serve) -> Service:
    """One thread for reads and one for writes, on which `work` is done."""

    def application(environ: dict[str, Any], start_response: Callable[..., None]) -> Iterable[bytes]:
        work(environ)
        start_response("200 OK", [])
        return Answers([b"done"])

    async def refuse(*_: object) -> None:
        raise AssertionError("no stream is opened here")

    return Service(admission=Admission(threads=1), callers=Callers(), requests=application, streams=refuse)


def serve(service: Service, visit: Visit) -> asyncio.Task[None]:
    return asyncio.ensure_future(service.serve(visit.scope, visit.receive, visit.send))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_what_reads_ends_when_its_client_leaves(settings, method: str) -> None:
    settings.WEBNET_REQUEST_SECONDS = 600
    begun, is_over = Event(), []

    def work(_: dict[str, Any]) -> None:
        deadline = current_deadline()
        assert deadline is not None
        begun.set()
        latest = monotonic() + (PATIENCE_SECONDS if method == "GET" else NOTICE_SECONDS)
        while not deadline._has_left and monotonic() < latest:
            sleep(0.01)
        is_over.append(deadline.is_over())

    async def run() -> None:
        visit = Visit(method, "/c/acme/")
        serving = serve(make_service(work), visit)
        await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        visit.leave()
        await asyncio.wait_for(serving, PATIENCE_SECONDS)

    asyncio.run(run())

    assert is_over == [method == "GET"]


def test_who_leaves_while_it_waits_for_a_thread_is_dropped_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_messages, "UNWATCHED_SECONDS", 600)
    until, begun, served = Event(), Event(), []

    def work(environ: dict[str, Any]) -> None:
        served.append(environ["PATH_INFO"])
        begun.set()
        until.wait(PATIENCE_SECONDS)

    waiting = Visit("GET", "/c/globex/")

    async def run() -> None:
        service = make_service(work)
        busy = serve(service, Visit("GET", "/c/acme/"))
        await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        serving = serve(service, waiting)
        waiting.leave()
        try:
            await asyncio.wait_for(serving, PATIENCE_SECONDS)
        finally:
            until.set()
            await busy

    asyncio.run(run())

    assert (served, waiting.sent) == (["/c/acme/"], [])


@pytest.mark.parametrize(
    ("visit", "received"),
    [
        (Visit("GET", "/c/acme/"), 0),
        (Visit("POST", "/graphql/", content_length="0"), 0),
        (Visit("POST", "/graphql/", b"{}", content_length="2"), 1),
        (Visit("POST", "/graphql/", b"{", b"}", content_length="2"), 2),
        (Visit("POST", "/graphql/", b"{", b"}", transfer_encoding="chunked"), 3),
    ],
)
def test_the_server_is_asked_for_no_more_than_the_body(
    visit: Visit, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message costs a turn of the event loop, and of two threads of granian."""
    monkeypatch.setattr(client_messages, "UNWATCHED_SECONDS", 600)
    bodies = []

    async def run() -> None:
        await serve(make_service(lambda environ: bodies.append(environ["wsgi.input"].read())), visit)

    asyncio.run(run())

    assert (visit.status, visit.received) == (200, received)
    assert bodies == [b"{}" if received else b""]


@pytest.mark.parametrize(
    ("body", "sent"),
    [([], [(b"", False)]), ([b"done"], [(b"done", False)]), ([b"do", b"ne"], [(b"do", True), (b"ne", False)])],
)
def test_a_body_in_one_piece_is_sent_with_its_headers(body: list[bytes], sent: list[tuple[bytes, bool]]) -> None:
    """Servers write the headers by themselves as soon as they hear that more will come."""
    visit = Visit("GET", "/c/acme/")

    asyncio.run(send_answer(Answer(status=200, headers=[], body=body), visit.send))

    begun, *parts = visit.sent
    assert begun["type"] == "http.response.start"
    assert [(part["body"], part.get("more_body", False)) for part in parts] == sent


def test_a_stream_gets_the_body_and_then_that_its_client_has_left() -> None:
    async def run() -> list[dict[str, Any]]:
        visit = Visit("POST", "/graphql/", b"{}", content_length="2")
        with BytesIO() as body:
            await receive_body(visit.scope, visit.receive, body)
            body.seek(0)
            again = replay(body, visit.receive)
            visit.leave()
            return [await again(), await again()]

    messages = asyncio.run(run())

    assert messages == [{"type": "http.request", "body": b"{}", "more_body": False}, {"type": "http.disconnect"}]


def test_health_is_answered_while_all_threads_are_busy() -> None:
    until, begun = Event(), Event()

    def work(environ: dict[str, Any]) -> None:
        if environ["PATH_INFO"] == "/c/acme/":
            begun.set()
            until.wait(PATIENCE_SECONDS)

    async def run() -> list[int]:
        service = make_service(work)
        busy = serve(service, Visit("GET", "/c/acme/"))
        await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        visits = [Visit("GET", path) for path in ("/healthz", "/readyz")]
        try:
            for visit in visits:
                await asyncio.wait_for(serve(service, visit), PATIENCE_SECONDS)
        finally:
            until.set()
            await busy
        return [visit.status for visit in visits]

    assert asyncio.run(run()) == [200, 200]


def test_a_silent_database_delays_readiness_alone_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "HEALTH_SECONDS", 0.05)
    monkeypatch.setattr(router, "GRACE_SECONDS", 0.05)
    until = Event()

    def work(environ: dict[str, Any]) -> None:
        if environ["PATH_INFO"] == "/readyz":
            until.wait(PATIENCE_SECONDS)

    async def run() -> list[Visit]:
        service = make_service(work)
        visits = [Visit("GET", path) for path in ("/readyz", "/readyz", "/healthz")]
        try:
            for visit in visits:
                await asyncio.wait_for(serve(service, visit), PATIENCE_SECONDS)
        finally:
            until.set()
        return visits

    first, second, alive = asyncio.run(run())

    assert [first.status, second.status, alive.status] == [503, 503, 200]
    assert json.loads(first.body) == {"status": "unready", "reason": "The database does not respond."}


def test_the_wait_for_a_thread_counts_to_the_time_of_a_request(settings) -> None:
    settings.WEBNET_REQUEST_SECONDS = 0.05
    until, begun = Event(), Event()

    def work(_: dict[str, Any]) -> None:
        begun.set()
        until.wait(PATIENCE_SECONDS)

    async def run() -> Visit:
        service, waiting = make_service(work), Visit("GET", "/graphql/")
        busy = serve(service, Visit("GET", "/c/acme/"))
        await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
        try:
            await asyncio.wait_for(serve(service, waiting), PATIENCE_SECONDS)
        finally:
            until.set()
            await busy
        return waiting

    waiting = asyncio.run(run())

    assert waiting.status == 504
    assert json.loads(waiting.body)["errors"][0]["extensions"] == {"code": "DEADLINE_EXCEEDED"}


def test_streams_are_opened_at_the_same_time() -> None:
    """What is heavy before its first event keeps nobody else from beginning."""
    both_have_come, streams = asyncio.Barrier(2), StreamHandler()

    async def meet(_: HttpRequest) -> HttpResponse:
        await both_have_come.wait()
        return HttpResponse("met")

    async def run() -> list[Visit]:
        visits = [Visit("GET", "/graphql/"), Visit("GET", "/graphql/")]
        opening = (streams(visit.scope, visit.receive, visit.send) for visit in visits)
        await asyncio.wait_for(asyncio.gather(*opening), PATIENCE_SECONDS)
        return visits

    streams.urlconf = (path("graphql/", meet),)

    assert [visit.body for visit in asyncio.run(run())] == [b"met", b"met"]
