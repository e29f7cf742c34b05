"""Bytes that hardly any client sends: each is answered or refused with little work, and nothing of it is kept.

`make test` sends the same few each time; `make fuzz` many, and others each time.
"""

from __future__ import annotations

import json
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import BadStatusLine, HTTPResponse, IncompleteRead
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.conftest import Target
from tests.fuzzing import EXAMPLES, examples

ANSWER_SECONDS = 20
# Of the server's processes, so that it means the same on a busy machine.
PROCESSOR_SECONDS = 1
# What may still be kept after half of the requests; every tenth of them has a body of hundreds of kilobytes.
MOST_MIB = 20
BLAMED = {"INTERNAL_ERROR", "PLUGIN_FAILED"}

QUERY = b'{"query": "query($n: JSON, $t: [String!]) { __typename echo(data: $n) }", "variables": {"n": %s}}'
WORDS = st.sampled_from(
    [
        b"",
        b"\0",
        b"\t",
        b"\x7f",
        b"\xff\xfe",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"1e999",
        b"-0",
        b"9" * 5_000,
        b"[" * 3_000,
        b'{"a":' * 3_000,
        b"NaN",
        b"null",
        b'"\\ud800"',
        b'"\\u0000"',
        b'{"a": 1, "a": 2}',
        b"x" * 70_000,
        b"\xef\xbb\xbf",
    ]
)
CHUNKS = st.one_of(WORDS, st.binary(max_size=20), st.sampled_from([b"a", b"/", b";", b",", b"=", b'"', b"%00", b"\\"]))


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with up to three pieces replaced, left out or put in."""
    for _ in range(draw(st.integers(0, 3))):
        start, size = draw(st.integers(0, len(whole))), draw(st.integers(0, 4))
        whole = whole[:start] + draw(CHUNKS) + whole[start + size :]
    return whole


BODIES = st.one_of(
    damaged(QUERY % b"1"),
    WORDS.map(lambda word: QUERY % word),
    WORDS,
    st.sampled_from(["utf-16", "utf-32", "latin-1", "cp037"]).map(lambda name: (QUERY % b'"x"').decode().encode(name)),
    st.sampled_from(
        [b"[]", b"3", b'"x"', b"true", b"{}", b'{"query": 3}', b'{"query": ["{__typename}"]}', b"[%s]" % QUERY]
    ),
    st.sampled_from([b'"%s"' % (b"x" * 900_000), b"[%s]" % b",".join([b"0"] * 300_000), b"9" * 900_000]).map(
        lambda value: QUERY % value
    ),
    st.just(b'--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query": "{__typename}"}\r\n--b--\r\n'),
)
VALUES = st.one_of(
    st.binary(max_size=30),
    st.integers(100, 60_000).map(lambda size: b"x" * size),
    st.integers(100, 9_000).map(lambda count: b"a=b;," * count),
    st.sampled_from(
        [b"\xe9", b"\0", b"\x1b[2J", b"*/*;q=nan", b"0" * 40, b"null", b"a\tb", b'"', b"%0d%0a", b"\xed\xa0\x80"]
    ),
)
# What is usual for these, which random bytes would never be.
USUAL = {
    b"Accept": [b"text/html", b"text/event-stream", b"application/graphql-response+json;q=-1", b"*/*," * 2_000],
    b"Accept-Language": [b"de;q=9", b"x-" * 300, b"*"],
    b"Authorization": [b"Bearer", b"Bearer wn_", b"Basic Og==", b"bearer " + b"x" * 8_000],
    b"Content-Encoding": [b"gzip", b"identity", b"br, gzip"],
    b"Content-Type": [
        b"text/plain",
        b"multipart/form-data; boundary=b",
        b"application/json; charset=hex",
        b"a/b;" * 999,
    ],
    b"Cookie": [b"sessionid=" + b"a" * 32, rb'sessionid="\355\240\200"', b"csrftoken=\0", b"a=" * 2_000],
    b"Expect": [b"100-continue", b"200-ok"],
    b"Forwarded": [b"for=unknown", b'for="[::1"'],
    b"Host": [b"localhost", b"evil.example", b"127.0.0.1:99999", b"[::1", b"a@b", b"\xff"],
    b"If-None-Match": [b"*", b'W/"', b'"x",' * 2_000],
    b"Last-Event-ID": [b"0", b"\0", b"x" * 400],
    b"Origin": [b"null", b"https://evil.example", b"http://[", b"://"],
    b"Range": [b"bytes=9-1", b"bytes=" + b"0-1," * 1_000],
    b"Traceparent": [b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00", b"ff-", b"00-\xff"],
    b"Upgrade": [b"websocket", b"h2c"],
    b"Webnet-Explain": [b"1", b"\xff", b"yes" * 99],
    b"X-CSRFToken": [b"x" * 64, b"\0"],
    b"X-Forwarded-For": [b"1.2.3.4", b"::1%eth0", b"256.1.1.1," * 500, b"unknown"],
    b"X-Forwarded-Proto": [b"https", b"https,http", b"\0"],
    b"X-Request-Id": [b"x" * 200, b"a b", b"../x", b"\xff"],
}
HEADERS = st.sampled_from(sorted(USUAL)).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(st.sampled_from(USUAL[name]), VALUES))
)
TARGETS = st.one_of(
    st.sampled_from(
        [b"/graphql/", b"/graphql/", b"/graphql/acme/", b"/sign-in/", b"/c/acme/", b"/metrics", b"*", b"//x/"]
    ),
    damaged(b"/graphql/acme/"),
    damaged(b"/graphql/?query=%7B__typename%7D&variables=%7B%22a%22%3A1%7D"),
    damaged(b"/c/acme/plugins/hello_world/"),
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """The bytes of a request; `is_whole` if its body is as long as it says."""

    data: bytes
    is_whole: bool

    def __repr__(self) -> str:
        return repr(self.data[:2_000])

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """What Hypothesis shows of it, and would warn of if it were all."""
        printer.text(repr(self))


@st.composite
def requests(draw: st.DrawFn, token: str) -> Request:
    method = draw(st.sampled_from([b"POST"] * 4 + [b"GET", b"PUT", b"OPTIONS", b"TRACE", b"post", b"\xff"]))
    headers = dict(draw(st.lists(HEADERS, max_size=3)))
    given = {b"Host": b"127.0.0.1", b"Content-Type": b"application/json", b"Authorization": b"Bearer " + token.encode()}
    lines = [b"%s: %s" % (name, value) for name, value in (given | headers).items()]
    body = draw(BODIES) if method != b"GET" else b""
    framing, body, is_whole = draw(st.one_of(st.just(frame(body)), st.just(frame(body)), frames(body)))
    head = [b"%s %s HTTP/1.1" % (method, draw(TARGETS)), *lines, *framing, b"Connection: close"]
    return Request(data=b"\r\n".join(head) + b"\r\n\r\n" + body, is_whole=is_whole)


def frame(body: bytes) -> tuple[list[bytes], bytes, bool]:
    """The headers that say where the body ends, the body as it is sent, and whether it is all there."""
    return [b"Content-Length: %d" % len(body)], body, True


def frames(body: bytes) -> st.SearchStrategy[tuple[list[bytes], bytes, bool]]:
    chunked, chunks = b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    length = b"Content-Length: %d" % len(body)
    return st.sampled_from(
        [
            ([chunked], b"%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(body), body), len(body) > 0),
            *(
                ([chunked], each, False)
                for each in (chunks[:-3], b"zz\r\n", b"-1\r\n\r\n", b"f" * 20 + b"\r\nx", b"\r\n")
            ),
            *(([length, chunked], each, False) for each in (body, chunks)),
            ([b"Transfer-Encoding: chunked, chunked"], chunks, False),
            ([b"Transfer-Encoding: gzip, chunked"], chunks, False),
            ([b"Transfer-Encoding: xchunked"], chunks, False),
            ([b"Transfer-Encoding : chunked"], chunks, False),
            *(
                ([b"Content-Length: " + each], body, False)
                for each in (b"-1", b"+1", b"1e3", b"0x9", b"9" * 30, b"", b"1, 2")
            ),
            ([length, b"Content-Length: 1"], body, False),
            ([b"Content-Length: %d" % (len(body) + 9)], body, False),
            ([b"Content-Length: %d" % (len(body) // 2)], body, False),
            ([], body, False),
            ([b" folded: x", length], body, False),
            ([b"no colon", length], body, False),
            ([b"X-\0: y", length], body, False),
            ([b"X: y\nContent-Length: 0", length], body, False),
            ([b"X: %d" % number for number in range(300)], body, False),
        ]
    )


def send(target: Target, request: Request) -> tuple[int, bytes] | None:
    """The status and the body of the answer; None where the connection was closed instead."""
    address = (target.server.host, target.server.port)
    with (
        socket.create_connection(address, timeout=ANSWER_SECONDS) as connection,
        closing(HTTPResponse(connection)) as response,
        suppress(BadStatusLine, IncompleteRead, ConnectionError),
    ):
        connection.sendall(request.data)
        if not request.is_whole:  # the server would wait for the rest
            with suppress(OSError):  # it has refused and closed already
                connection.shutdown(socket.SHUT_WR)
        response.begin()
        return response.status, response.read()
    return None


@pytest.mark.slow
def test_any_bytes_are_answered_or_refused_with_little_work(target: Target) -> None:
    count = EXAMPLES // 5 or 60
    answers: list[int | None] = []
    memory: list[float] = []
    target.read_failures()

    @examples(count)
    @given(request=requests(target.token))
    def check(request: Request) -> None:
        before = target.processor_seconds()

        answer = send(target, request)

        assert target.processor_seconds() - before < PROCESSOR_SECONDS, request
        answers.append(answer and answer[0])
        if answer:
            status, body = answer
            assert status < 500, (request, body)
            errors = json.loads(body)["errors"] if body.startswith(b'{"errors"') else ()
            assert not BLAMED & {error["extensions"]["code"] for error in errors}, (request, errors)
        if len(answers) == count // 2:
            memory.append(target.resident_mib())

    check()

    assert target.read_failures() == []
    assert target.resident_mib() - memory[0] < MOST_MIB
    assert answers.count(None) < count / 4
    assert {200, 400} <= set(answers)
