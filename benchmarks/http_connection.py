"""A kept-alive connection for GraphQL requests and event streams, light enough for hundreds in one process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

# The longest line of an event: an answer of a page.
LIMIT_BYTES = 2**22
# The server closes what has been idle for 30 s: as a proxy would, open another connection before that.
IDLE_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    text: str

    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


class Connection:
    """Requests of one token, one after the other; raises OSError or EOFError when the server ends the connection."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host, self._port, self._token = host, port, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        """The answer to a GraphQL request."""
        reader = await self._send(path, body, accept="application/json")
        status, headers = await self._read_head(reader)
        if "content-length" in headers:
            text = await reader.readexactly(int(headers["content-length"]))
        else:
            text = b"".join([part async for part in _read_chunks(reader)])
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, text.decode())

    @asynccontextmanager
    async def stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The events of a subscription, which is open from the first comment on."""
        reader = await self._send(path, body, accept="text/event-stream")
        status, _ = await self._read_head(reader)
        if status != 200:
            raise EOFError(f"The stream was answered with {status}.")
        chunks = _read_chunks(reader)
        first = await anext(chunks)
        try:
            yield _read_events(first, chunks)
        finally:
            self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _send(self, path: str, body: dict[str, Any], *, accept: str) -> asyncio.StreamReader:
        if monotonic() - self._used > IDLE_SECONDS:
            self.close()
        self._used = monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=LIMIT_BYTES)
        reader, writer = self._streams
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Authorization: Bearer {self._token}",
            "Content-Type: application/json",
            f"Accept: {accept}",
            f"Content-Length: {len(content)}",
        )
        writer.write("\r\n".join((*head, "", "")).encode() + content)
        return reader

    async def _read_head(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _read_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The parts of a chunked body (RFC 9112, section 7.1)."""
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


async def _read_events(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """What was sent with `data:`, but for comments; a stream that is complete ends."""
    waiting = first
    async for chunk in chunks:
        *lines, waiting = (waiting + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if line.startswith(b"data:") and line[5:].strip():
                yield json.loads(line[5:])
