"""Stops a worker without failing a request: it stops accepting connections first, and closes those it has later."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable

from webnet import black_box
from webnet.server.asgi.types import Application, Message, Receive, Scope, Send

# Clients that use a kept-alive connection within this time get `Connection: close`, and open a new one next time.
DRAIN_SECONDS = 3


class Draining:
    """Wraps an application so that on SIGTERM it serves for another DRAIN_SECONDS; then SIGINT ends its server.

    A server that stops closes its idle connections, although the next request may already be on its way on some of
    them. During these seconds new connections go to other workers, and each response closes its connection.
    """

    def __init__(self, application: Application, *, listener: int, end_streams: Callable[[], None]) -> None:
        self._application = application
        self._listener = listener
        self._end_streams = end_streams
        self._is_ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_draining(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                # The server has installed its own handlers by now. This replaces the one of SIGTERM, not of SIGINT.
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.begin)
            await send(self._closing(message) if self._is_ending else message)

        await self._application(scope, receive, send_draining)

    def begin(self) -> None:
        """Stop accepting connections. Must be called on the event loop."""
        if self._is_ending:
            return
        self._is_ending = True
        black_box.announce_end()
        self._end_streams()
        stop_accepting(self._listener)
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, signal.raise_signal, signal.SIGINT)

    def _closing(self, message: Message) -> Message:
        if message["type"] != "http.response.start":
            return message
        headers = [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"connection"]
        return {**message, "headers": [*headers, (b"connection", b"close")]}


def stop_accepting(listener: int) -> None:
    """Replace this process's copy of the listening socket by one that nobody connects to.

    A server can't stop listening without closing its connections, and would fail on a closed file descriptor. The
    copies of other processes are not affected.
    """
    with socket.create_server(("127.0.0.1", 0)) as unused:
        unused.settimeout(0)  # servers expect a non-blocking socket
        os.dup2(unused.fileno(), listener, inheritable=False)
