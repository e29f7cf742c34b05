"""A worker that is told to end: who is sent elsewhere, and when the server hears of it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from webnet.server.asgi import draining
from webnet.server.asgi.draining import Draining, stop_accepting

ANSWER = {"type": "http.response.start", "status": 200, "headers": [(b"connection", b"keep-alive"), (b"x", b"y")]}


async def answer(scope, receive, send) -> None:
    await send(ANSWER)


async def ask(application: Draining) -> list[tuple[bytes, bytes]]:
    """The headers of one answer."""
    sent = []

    async def send(message) -> None:
        sent.append(message)

    await application({"type": "http"}, None, send)
    return sent[0]["headers"]


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_only_once_it_is_told_to_end_its_answers_close_their_connections(listener, monkeypatch) -> None:
    monkeypatch.setattr(draining, "DRAIN_SECONDS", 0)
    heard = []

    async def serve():
        told = asyncio.Event()
        monkeypatch.setattr(signal, "raise_signal", lambda number: (heard.append(number), told.set()))
        application = Draining(answer, listener=os.dup(listener.fileno()), end_streams=lambda: heard.append("streams"))
        before = await ask(application)
        application.begin()
        application.begin()
        after = await ask(application)
        await told.wait()
        return before, after

    before, after = asyncio.run(serve())

    assert before == ANSWER["headers"]
    assert after == [(b"x", b"y"), (b"connection", b"close")]
    assert heard == ["streams", signal.SIGINT]


def test_new_connections_are_left_to_the_other_processes(listener) -> None:
    own = socket.socket(fileno=os.dup(listener.fileno()))

    stop_accepting(own.fileno())

    with own, socket.create_connection(listener.getsockname()), pytest.raises(BlockingIOError):
        own.accept()
    listener.settimeout(30)
    listener.accept()[0].close()
