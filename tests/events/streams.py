"""A client of event streams for tests, over a real connection."""

from __future__ import annotations

import http.client
import json
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.servers import Server

EVENTS = """subscription($after: String, $filter: PluginAuditLogFilter) {
  pluginEvents(after: $after, filter: $filter) { cursor node { id action actorName reason pluginName
    customer { slug } user { username } ipAddress outcome before after } } }"""
# How long a client waits for the next event, far more than it takes on a busy machine.
PATIENCE_SECONDS = 60


@dataclass
class Stream:
    """One subscription, and the comments that came."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    comments: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)

    def next(self) -> tuple[str, Any]:
        """(event, data) of the next event; raises TimeoutError when none comes, EOFError at the end."""
        event, data = "", ""
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            line = self.response.readline().decode().removesuffix("\n")
            if line.startswith(":"):
                self.comments.append(line.removeprefix(": "))
                # They keep the socket's own limit from ever being reached.
                if monotonic() > deadline:
                    raise TimeoutError("Nothing but comments came.")
            elif line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
            elif not line and event:
                return event, json.loads(data) if data else None
            elif not line and self.response.isclosed():
                raise EOFError

    def edge(self) -> dict[str, Any]:
        """The next edge of `pluginEvents`."""
        event, body = self.next()
        assert event == "next" and "errors" not in body, body
        edge: dict[str, Any] = body["data"]["pluginEvents"]
        self.cursors.append(edge["cursor"])
        return edge

    def node(self) -> dict[str, Any]:
        return self.edge()["node"]

    def last(self) -> tuple[str, Any]:
        """(event, data) of the first answer without data, past all that were sent before it."""
        deadline = monotonic() + PATIENCE_SECONDS
        while monotonic() < deadline:
            event, body = self.next()
            if body is None or not body.get("data"):
                return event, body
        raise TimeoutError(f"Events are sent on and on, for {PATIENCE_SECONDS} s.")

    def end(self) -> dict[str, Any]:
        """The error that ends a stream for good, which is complete after it."""
        event, body = self.next()
        assert event == "next" and "data" not in body, body
        (error,) = body["errors"]
        assert self.next() == ("complete", None)
        assert self.response.read() == b""  # it would raise IncompleteRead
        return {"code": error["extensions"]["code"], "message": error["message"]}

    def cut(self) -> str:
        """The code in the last comment of a stream that its client should open again: it is not complete."""
        with suppress(EOFError):
            while True:
                event, body = self.next()
                assert event == "next" and "errors" not in body, body
        assert self.response.chunk_left is not None, "The body has its last chunk."
        return self.comments[-1]

    def close(self) -> None:
        self.response.close()
        self.connection.close()


def read_to_end(response: http.client.HTTPResponse) -> bytes:
    """All of an answer, a stream's as well; raises TimeoutError when it does not end."""
    deadline, read = monotonic() + PATIENCE_SECONDS, b""
    while part := response.read1():
        read += part
        if monotonic() > deadline:
            raise TimeoutError(f"It did not end within {PATIENCE_SECONDS} s.")
    return read


@dataclass
class StreamClient:
    """Somebody with a token, or with a session's cookies, at a server."""

    server: Server
    token: str = ""
    cookies: str = ""
    csrf: str = ""
    language: str = ""
    streams: list[Stream] = field(default_factory=list)

    def subscribe(self, view: str | None = None, query: str = EVENTS, **variables: Any) -> Stream:
        """An open stream: its first comment has come, so nothing after this is missed."""
        response = self.post({"query": query, "variables": variables}, view, accept="text/event-stream")
        assert response.status == 200, response.read()
        assert response.headers["Content-Type"] == "text/event-stream"
        stream = Stream(self._last, response)
        self.streams.append(stream)
        assert response.readline().startswith(b":")
        assert response.readline() == b"\n"
        return stream

    def refusal(self, view: str | None = None, query: str = EVENTS, **variables: Any) -> tuple[int, str]:
        """(HTTP status, code) of a subscription that is not opened."""
        response = self.post({"query": query, "variables": variables}, view, accept="text/event-stream")
        assert response.status != 200, "A stream was opened, and reading it would have no end."
        (error,) = json.loads(response.read())["errors"]
        self._last.close()
        return response.status, error["extensions"]["code"]

    def run(self, query: str, view: str | None = None, **variables: Any) -> dict[str, Any]:
        response = self.post({"query": query, "variables": variables}, view, accept="application/json")
        answer: dict[str, Any] = json.loads(response.read())
        self._last.close()
        return answer

    def mutate(self, name: str, view: str | None = None, /, **values: Any) -> dict[str, Any]:
        kind = name[0].upper() + name[1:]
        payload = f"... on {kind}Payload {{ __typename }} ... on Refusal {{ code message }}"
        query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {payload} }} }}"
        answer = self.run(query, view, input=values)
        assert "errors" not in answer, answer
        return answer["data"][name]

    def post(self, body: Any, view: str | None, *, accept: str) -> http.client.HTTPResponse:
        self._last = http.client.HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE_SECONDS)
        headers = {"Content-Type": "application/json", "Accept": accept}
        if self.language:
            headers["Accept-Language"] = self.language
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            headers |= {"Cookie": self.cookies, "X-CSRFToken": self.csrf}
        path = f"/graphql/{view}/" if view else "/graphql/"
        self._last.request("POST", path, json.dumps(body), headers)
        return self._last.getresponse()

    def close(self) -> None:
        for stream in self.streams:
            stream.close()
        self.streams.clear()
