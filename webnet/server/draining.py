"""Lets a worker end without failing anybody: first it takes nothing new, and only then it lets go of what it has."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable

from webnet.server.asgi_types import Application, Message, Receive, Scope, Send

# A client that keeps a connection, and asks something within this time, is told to make a new one.
DRAIN_SECONDS = 3


class Draining:
    """An application that on SIGTERM goes on for DRAIN_SECONDS before its server is told, by SIGINT, to end.

    A server that ends closes the connections that are idle at that moment, while on some of them the next request is
    already under way. In these seconds new connections go to other workers, and each answer closes its own.
    """

    def __init__(self, application: Application, *, listener: int, end_streams: Callable[[], None]) -> None:
        self._application = application
        self._listener = listener
        self._end_streams = end_streams
        self._is_ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def passed_on(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                # The server has set its own handlers by now. SIGINT stays with it.
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.begin)
            await send(self._closing(message) if self._is_ending else message)

        await self._application(scope, receive, passed_on)

    def begin(self) -> None:
        """Take nothing new from now on; to be called on the event loop."""
        if self._is_ending:
            return
        self._is_ending = True
        self._end_streams()
        stop_accepting(self._listener)
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, signal.raise_signal, signal.SIGINT)

    def _closing(self, message: Message) -> Message:
        if message["type"] != "http.response.start":
            return message
        headers = [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"connection"]
        return {**message, "headers": [*headers, (b"connection", b"close")]}


def stop_accepting(listener: int) -> None:
    """Put a socket to which nobody connects in the place of this process's copy of the listening one.

    The server does not stop to listen without closing what it has, and must not find the place empty. The other
    processes' copies go on.
    """
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(0)  # the server counts on it
        os.dup2(deaf.fileno(), listener, inheritable=False)
