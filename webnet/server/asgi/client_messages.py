"""What comes from the client of one request: its body, and later that it has left."""

from __future__ import annotations

import asyncio
from typing import IO

from webnet.api.http.requests import MAXIMUM_BODY_BYTES
from webnet.body_errors import BodyIncomplete, BodyTooLarge, BodyTooSlow
from webnet.server.asgi.admission import is_graphql
from webnet.server.asgi.types import Message, Receive, Scope

# The largest body of all. Only pages of plugins, also those in the admin, take files; Django takes no larger form.
LARGEST_BODY_BYTES = 2_621_440
LARGEST_UPLOAD_BYTES = 104_857_600
TAKE_UPLOADS = ("/c/", "/admin/")
BODY_CHUNK_BYTES = 65_536
# How long a client has for its body, and the rate at which a larger one gets more time.
BODY_SECONDS = 30.0
BODY_BYTES_PER_SECOND = 16_384
# How long nobody looks whether the client has left: most answers are sent by then, and to look takes a task and two
# turns of the event loop. A request whose client leaves earlier takes this much longer than it would.
UNWATCHED_SECONDS = 0.05


async def receive_body(scope: Scope, receive: Receive, body: IO[bytes]) -> None:
    """Write the whole body to the file.

    It waits for nothing where no body was declared, nor once all of it has come: the server's word that nothing
    follows would be another turn of the event loop. Raises BodyTooSlow; BodyTooLarge at once, and not at its end, which
    may never come; BodyIncomplete if the client disconnects.
    """
    declared = find_body_length(scope)
    if declared == 0:
        return
    try:
        async with asyncio.timeout(BODY_SECONDS) as limit:
            await _receive_parts(body, receive, limit, largest=find_largest_body(scope), declared=declared)
    except TimeoutError as error:
        raise BodyTooSlow from error


def replay(body: IO[bytes], receive: Receive) -> Receive:
    """A `receive` that yields the body again, and then that the client has left."""
    is_over = False

    async def replay() -> Message:
        nonlocal is_over
        while is_over:
            # The end of the body may come first, for which nobody has waited.
            if (message := await receive())["type"] == "http.disconnect":
                return message
        chunk = body.read(BODY_CHUNK_BYTES)
        is_over = len(chunk) < BODY_CHUNK_BYTES
        return {"type": "http.request", "body": chunk, "more_body": not is_over}

    return replay


class Departure:
    """Whether the client of one request has left: `left` is done then. Used on the event loop only."""

    def __init__(self, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        self.left: asyncio.Future[None] = loop.create_future()
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None
        self._timer = loop.call_later(UNWATCHED_SECONDS, self.watch)

    def watch(self) -> None:
        """Look from now on, such as while the request waits for its turn."""
        if self._watching is None:
            self._timer.cancel()
            self._watching = asyncio.ensure_future(self._wait())

    def end(self) -> None:
        """Stop looking."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    async def _wait(self) -> None:
        # The end of the body may come first, for which nobody has waited.
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left.set_result(None)


def find_body_length(scope: Scope) -> int | None:
    """How many bytes the body has; None where only its end says so (RFC 9112, 6.3)."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers or not scope["http_version"].startswith("1"):
        return None
    try:
        return int(headers.get(b"content-length", b"0"))
    except ValueError:
        return None


def find_largest_body(scope: Scope) -> int:
    """How many bytes a request may send to this address."""
    if is_graphql(scope):
        return MAXIMUM_BODY_BYTES
    path: str = scope["path"].removeprefix(scope["root_path"])
    return LARGEST_UPLOAD_BYTES if path.startswith(TAKE_UPLOADS) else LARGEST_BODY_BYTES


async def _receive_parts(
    body: IO[bytes],
    receive: Receive,
    limit: asyncio.Timeout,
    *,
    largest: int = LARGEST_BODY_BYTES,
    declared: int | None = None,
) -> None:
    """Write what comes to the file, and give more time for the rest."""
    begun = asyncio.get_running_loop().time()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyIncomplete
        part = message.get("body", b"")
        if body.tell() + len(part) > largest:
            raise BodyTooLarge(largest)
        body.write(part)
        if not message.get("more_body", False) or body.tell() == declared:
            return
        limit.reschedule(begun + BODY_SECONDS + body.tell() / BODY_BYTES_PER_SECOND)
