"""A collector of traces for tests: an HTTP server on 127.0.0.1 that keeps what it gets by OTLP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# Far more than it takes on a busy machine.
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Sent:
    """One span as it came, its ids in hexadecimal digits, and what sent it."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass
class Collector:
    """`bodies` and `headers` are those of all requests so far."""

    url: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: Condition = field(default_factory=Condition)

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        with self.arrived:
            self.bodies.append(body)
            self.headers.append(headers)
            self.arrived.notify_all()

    def wait_for_spans(self, count: int) -> list[Sent]:
        """All spans, once there are so many."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.spans) >= count, PATIENCE_SECONDS), self.spans
            return self.spans

    @property
    def spans(self) -> list[Sent]:
        return [span for body in self.bodies for span in read_spans(body)]


def read_spans(body: bytes) -> Iterator[Sent]:
    """The spans of one request to a collector."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        of_resource = _read(resource.resource.attributes)
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
            yield Sent(span.name, *ids, attributes=_read(span.attributes), resource=of_resource)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that takes everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.take(body, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _read(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)
