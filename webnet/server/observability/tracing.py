"""Traces of requests, by OpenTelemetry; imported only where they are wanted, since its packages are optional.

A request has one span, begun when the request comes, since the sampler decides then. Those of plugins' calls and of
statements are made of its record when it was answered: until then, nothing of OpenTelemetry is in their way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import Thread
from time import perf_counter_ns, time_ns
from typing import Any

from django.apps import apps
from django.db import connection
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    format_trace_id,
    set_span_in_context,
)

from webnet import __version__
from webnet.request_record import CodePlace, RequestRecord, Trace, TracedStatement, TraceParent
from webnet.server.environment import read_environment

DEFAULT_NAME = "webnet"
# How long the end of a process waits for the collector.
FLUSH_SECONDS = 1.5
# OpenTelemetry's names (https://opentelemetry.io/docs/specs/semconv/) for what the log says, users left out.
ATTRIBUTES = {
    "method": "http.request.method",
    "path": "url.path",
    "status": "http.response.status_code",
    "operation": "graphql.operation.name",
    "operation_type": "graphql.operation.type",
    "codes": "webnet.codes",
    "cost": "webnet.cost",
    "request_id": "webnet.request_id",
    "customer": "webnet.customer",
    "plugins": "webnet.plugins",
    "statements": "webnet.statements",
}
METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
# What a statement may be called; a plugin's may be any text.
OPERATIONS = frozenset(
    {"BEGIN", "DELETE", "INSERT", "PRAGMA", "RELEASE", "ROLLBACK", "SAVEPOINT", "SELECT", "SET", "UPDATE"}
)
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"?(\w+)"?')


class RequestTracer:
    """Traces the requests of one process, and sends the traces on a thread of its own.

    `variables` are OpenTelemetry's, of which the SDK takes where to send them, how many, and under which name.
    """

    def __init__(self, variables: Mapping[str, str], processor: Callable[[], SpanProcessor] | None = None) -> None:
        with _environment(variables):
            found = OTELResourceDetector().detect().attributes
            name = found.get(SERVICE_NAME) or DEFAULT_NAME
            resource = Resource.create({SERVICE_NAME: name, SERVICE_VERSION: __version__})
            self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
            self._provider.add_span_processor((processor or _make_processor)())
            self._tracer = self._provider.get_tracer("webnet", __version__)

    def begin(self, record: RequestRecord, parent: TraceParent) -> Span:
        """A request begins, in its caller's trace if it has one. The sampler decides whether its record has a trace."""
        span = self._tracer.start_span("request", context=_as_context(parent), kind=SpanKind.SERVER)
        record.trace_id = format_trace_id(span.get_span_context().trace_id)
        if span.is_recording():
            record.trace = Trace(offset=time_ns() - perf_counter_ns())
        return span

    def end(self, span: Span, record: RequestRecord, fields: Mapping[str, Any], *, route: str) -> None:
        """The request was answered; `fields` are what the log says of it."""
        if record.trace is None:
            return
        method = fields["method"] if fields["method"] in METHODS else "_OTHER"
        span.update_name(_name_request(fields, route=route))
        span.set_attributes({name: fields[field] for field, name in ATTRIBUTES.items() if field in fields})
        span.set_attributes({"http.request.method": method, **({"http.route": route} if route else {})})
        if fields["status"] >= 500:
            span.set_attribute("error.type", str(fields["status"]))
            span.set_status(Status(StatusCode.ERROR))
        self._add_parts(record.trace, set_span_in_context(span, Context()))
        span.end()

    def stop(self) -> None:
        """Send what is left, if the collector takes it soon."""
        # The SDK's own time for that is half a minute, and nothing ends a request to a collector that does not answer.
        thread = Thread(target=self._provider.shutdown, name="last-traces", daemon=True)
        thread.start()
        thread.join(FLUSH_SECONDS)

    def _add_parts(self, trace: Trace, context: Context) -> None:
        contexts: dict[CodePlace, Context] = {}
        for place, calls in list(trace.calls.items()):
            described: dict[str, Any] = {
                "webnet.plugin": place.plugin,
                "webnet.place": place.name,
                "webnet.calls": calls.calls,
                "webnet.seconds": round(calls.seconds, 6),
            }
            name, began = f"{place.plugin} {place.name}", trace.to_ns(calls.began)
            span = self._tracer.start_span(name, context=context, attributes=described, start_time=began)
            if calls.error:
                span.set_attribute("error.type", calls.error)
                span.set_status(Status(StatusCode.ERROR))
            span.end(trace.to_ns(calls.ended))
            contexts[place] = set_span_in_context(span, Context())
        for statement in list(trace.statements):
            parent = contexts.get(statement.place, context) if statement.place is not None else context
            attributes = _describe_statement(statement)
            name, began = attributes["db.query.summary"], trace.to_ns(statement.began)
            span = self._tracer.start_span(
                name, context=parent, kind=SpanKind.CLIENT, attributes=attributes, start_time=began
            )
            span.end(trace.to_ns(statement.ended))


def read_variables() -> dict[str, str]:
    """OpenTelemetry's variables, of the process and of its environment file."""
    return {name: value for name, value in read_environment().items() if name.startswith("OTEL_")}


@lru_cache(maxsize=4096)
def summarise(sql: str) -> tuple[str, str]:
    """What a statement does and the first table that it names, in known words: values may be written into its text."""
    first = sql.split(None, 1)[0].upper() if sql.strip() else ""
    table = next((name for name in TABLE.findall(sql) if name in find_tables()), "")
    return first if first in OPERATIONS else "SQL", table


@lru_cache(maxsize=1)
def find_tables() -> frozenset[str]:
    """The tables of webnet and its plugins."""
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))


def _make_processor() -> SpanProcessor:
    return BatchSpanProcessor(OTLPSpanExporter())


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The SDK reads variables from the process's environment alone, and when it is made."""
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _as_context(parent: TraceParent) -> Context:
    if not parent.trace_id:
        return Context()
    flags = TraceFlags(int(parent.flags, 16))
    remote = SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _describe_statement(statement: TracedStatement) -> dict[str, str]:
    operation, table = summarise(statement.sql) if isinstance(statement.sql, str) else ("SQL", "")
    described = {
        "db.system.name": connection.vendor,
        "db.operation.name": operation,
        "db.collection.name": table,
        "db.query.summary": f"{operation} {table}".strip(),
        "webnet.plugin": statement.place.plugin if statement.place is not None else "",
    }
    return {name: value for name, value in described.items() if value}


def _name_request(fields: Mapping[str, Any], *, route: str) -> str:
    """The operation, or else the method and the pattern of the address: texts that stay few."""
    if operation := fields.get("operation_type"):
        return f"{operation} {fields.get('operation', '')}".strip()
    method = fields["method"] if fields["method"] in METHODS else "HTTP"
    return f"{method} {route}".strip()
