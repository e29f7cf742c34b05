"""Responses that the server makes without Django: they are guarded like all others, and slow bodies get one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.databases import with_files_of_its_own
from webnet.body_errors import BodyIncomplete
from webnet.errors import ServerBusy
from webnet.server.asgi import admission, client_messages
from webnet.server.asgi.router import make_application
from webnet.server.asgi.types import Message

pytestmark = with_files_of_its_own

GUARDS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def scope_of(path: str, **headers: str) -> dict[str, Any]:
    """A request whose body has no declared length, unless its headers say so."""
    framing = {} if "content_length" in headers else {"transfer_encoding": "chunked"}
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in (framing | headers).items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }


def answer(scope: dict[str, Any], *messages: Message) -> tuple[int, dict[str, str], str]:
    """What the application answers to a client that sends these messages, and nothing else."""
    coming, sent = list(messages), []

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(make_application(threads=1)(scope, receive, send))
    head, *parts = sent
    headers = {name.decode(): value.decode() for name, value in head["headers"]}
    return head["status"], headers, b"".join(part["body"] for part in parts).decode()


def part(body: bytes) -> Message:
    return {"type": "http.request", "body": body, "more_body": True}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_messages, "BODY_SECONDS", 0.01)
    monkeypatch.setattr(client_messages, "BODY_BYTES_PER_SECOND", 10**12)


def test_a_body_that_does_not_come_is_refused(impatient: None) -> None:
    status, headers, text = answer(scope_of("/graphql/", x_request_id="wish-1"), part(b'{"query": '))

    assert status == 408
    assert json.loads(text)["errors"][0]["extensions"] == {"code": "BODY_TOO_SLOW"}
    assert headers["connection"] == "close" and headers["x-request-id"] == "wish-1"
    assert headers.items() >= GUARDS.items() and "camera=()" in headers["permissions-policy"]


def test_on_pages_it_is_refused_in_plain_text(impatient: None) -> None:
    status, headers, text = answer(scope_of("/sign-in/"), part(b"username="))

    assert (status, headers["content-type"]) == (408, "text/plain; charset=utf-8")
    assert text.startswith("The body of the request came too slowly")
    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("path", "largest"),
    [("/graphql", 1_048_576), ("/graphql/acme/", 1_048_576), ("/sign-in/", 2_621_440), ("/nowhere/", 2_621_440)],
)
def test_a_body_that_is_too_large_is_refused_before_it_has_come(path: str, largest: int, impatient: None) -> None:
    most, one_more = part(b"x" * largest), part(b"x")

    accepted, _, _ = answer(scope_of(path), most)
    refused, headers, text = answer(scope_of(path), most, one_more)

    assert (accepted, refused) == (408, 413)  # The first one waits for the rest.
    assert f"larger than {largest} bytes" in text
    assert headers["connection"] == "close" and headers.items() >= GUARDS.items()


@pytest.mark.parametrize("path", ["/c/acme/plugins/shelf/", "/admin/shelf/book/add/"])
def test_pages_of_plugins_take_files(path: str, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_messages, "LARGEST_UPLOAD_BYTES", client_messages.LARGEST_BODY_BYTES + 1)
    more_than_others = part(b"x" * (client_messages.LARGEST_BODY_BYTES + 1))

    assert answer(scope_of(path), more_than_others)[0] == 408
    assert answer(scope_of(path), more_than_others, part(b"x"))[0] == 413


def test_a_body_that_ends_too_early_is_refused() -> None:
    """Servers also say that a client has left where its chunks make no sense."""
    status, headers, text = answer(scope_of("/graphql/"), part(b'{"query": '), {"type": "http.disconnect"})

    assert status == 400
    assert json.loads(text)["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert headers["connection"] == "close" and headers.items() >= GUARDS.items()


def test_a_large_body_gets_more_time_as_it_comes(tmp_path) -> None:
    class Limit:
        def reschedule(self, when: float) -> None:
            times.append(when)

    async def receive_body() -> float:
        begun = asyncio.get_running_loop().time()
        coming = [part(b"x" * 16_384), part(b""), {"type": "http.disconnect"}]

        async def receive() -> Message:
            return coming.pop(0)

        with (tmp_path / "body").open("wb") as body, pytest.raises(BodyIncomplete):
            await client_messages._receive_parts(body, receive, Limit())
        return begun

    times: list[float] = []
    begun = asyncio.run(receive_body())

    assert [round(when - begun) for when in times] == [31, 31]


def test_a_refusal_for_lack_of_threads_is_guarded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise ServerBusy

    monkeypatch.setattr(admission.ThreadQueue, "run", refuse)

    status, headers, _ = answer(scope_of("/graphql/"), {"type": "http.request", "body": b"{}"})

    assert (status, headers["retry-after"]) == (503, "5")
    assert headers.items() >= GUARDS.items()
