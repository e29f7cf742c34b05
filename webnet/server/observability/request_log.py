"""A line in the log for each request, its part in the metrics, and its trace where that is wanted."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from webnet import metrics
from webnet.accounts.authentication import request_id
from webnet.api.http.addresses import is_graphql_path
from webnet.request_record import RequestRecord, TraceParent, current_record
from webnet.server.observability.logs import HIDDEN, REQUEST_FIELDS, without_secrets

if TYPE_CHECKING:
    from webnet.server.observability.tracing import RequestTracer

logger = logging.getLogger(__name__)

# Asked every few seconds by machines: worth a line only when something is wrong.
QUIET = frozenset({"healthz", "readyz", "metrics"})
# Arguments of addresses that nobody may read in a log.
SECRET_ARGUMENTS = ("token",)
LONGEST_TEXT = 200
# https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros are invalid.
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")

# Set while requests are traced.
tracer: RequestTracer | None = None


@dataclass(slots=True)
class Answered:
    """What a request was answered with; None until then, and where that failed."""

    response: HttpResponseBase | None = None


@sync_and_async_middleware
def log_requests(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The outermost middleware. A stream and a page that is sent piece by piece are logged when they begin."""

    async def respond_on_loop(request: HttpRequest) -> HttpResponseBase:
        with recording(request) as answer:
            answer.response = await get_response(request)
        return answer.response

    def respond(request: HttpRequest) -> HttpResponseBase:
        with recording(request) as answer:
            answer.response = get_response(request)
        return answer.response

    return respond_on_loop if iscoroutinefunction(get_response) else respond


@contextmanager
def tracing_requests() -> Iterator[None]:
    """While a process serves: trace its requests, if the environment asks for it. A fault of that stops no request."""
    global tracer  # noqa: PLW0603 - each process has one; looking at it is all that requests do where nothing is traced
    if not settings.WEBNET_TRACING:
        yield
        return
    from webnet.server.observability.tracing import RequestTracer, read_variables  # its packages are optional

    try:
        tracer = RequestTracer(read_variables())
    except Exception:
        logger.exception("Requests are not traced.")
    try:
        yield
    finally:
        if tracer is not None:
            tracer.stop()
        tracer = None


@contextmanager
def recording(request: HttpRequest) -> Iterator[Answered]:
    """Record what is known about the request, and log, count and trace it when it was answered."""
    parent, answer, started = read_traceparent(request), Answered(), perf_counter()
    record = RequestRecord(trace_id=parent.trace_id)
    span = tracer.begin(record, parent) if tracer is not None else None
    token = current_record.set(record)
    try:
        yield answer
    finally:
        current_record.reset(token)
    if answer.response is None:
        return
    seconds, status = perf_counter() - started, answer.response.status_code
    fields = describe(request, record, status=status, seconds=seconds)
    is_quiet = door_of(request) in QUIET and status < 400
    log(fields, is_quiet=is_quiet)
    count(request, record, status=status, seconds=seconds)
    if tracer is not None and span is not None and not is_quiet:
        tracer.end(span, record, fields, route=route_of(request))


def read_traceparent(request: HttpRequest) -> TraceParent:
    """The trace that the request belongs to, if its header `traceparent` is valid."""
    found = TRACEPARENT.fullmatch(request.META.get("HTTP_TRACEPARENT", ""))
    return TraceParent(found[1], found[2], found[3]) if found is not None else TraceParent()


def describe(request: HttpRequest, record: RequestRecord, *, status: int, seconds: float) -> dict[str, Any]:
    """What may be said of it: nothing of the document, its variables, the query string and secrets in the path."""
    fields = {
        "method": request.method,
        "path": shown_path(request),
        "operation": record.operation_name[:LONGEST_TEXT],
        "operation_type": record.operation_type,
        "applications": list(record.applications),
        "status": status,
        "codes": list(dict.fromkeys(record.codes)),
        "duration_ms": round(seconds * 1000, 1),
        "cost": record.cost,
        "request_id": request_id(request),
        "trace_id": record.trace_id,
        "user_id": record.user_id,
        "customer": record.customer,
        "plugins": list(record.plugins),
        "statements": record.statements,
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def log(fields: Mapping[str, Any], *, is_quiet: bool) -> None:
    """Log one line, which machines read as these fields."""
    logger.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "%s %s %d in %.0f ms, request %s",
        *(fields[name] for name in ("method", "path", "status", "duration_ms", "request_id")),
        extra={REQUEST_FIELDS: fields},
    )


def count(request: HttpRequest, record: RequestRecord, *, status: int, seconds: float) -> None:
    """Add the request to the metrics."""
    door = door_of(request)
    method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else metrics.OTHER
    metrics.request_seconds.labels(door, method, str(status)).observe(seconds)
    metrics.request_statements.labels(door).observe(record.statements)
    if record.cost is not None:
        metrics.operation_cost.labels(record.operation_type).observe(record.cost)
    for code in record.codes:
        (name,) = metrics.operation_names.limit(record.operation_name[:LONGEST_TEXT])
        metrics.operation_errors.labels(name, code).inc()
    for plugin, use in record.plugins.items():
        labels = metrics.plugins_and_customers.limit(plugin, record.customer)
        metrics.plugin_seconds.labels(*labels).inc(use.seconds)
        metrics.plugin_statements.labels(*labels).inc(use.statements)


def door_of(request: HttpRequest) -> str:
    """The name of the address, such as "graphql"; "other" for what is no address of webnet's, and static files."""
    match = request.resolver_match
    return (match.view_name if match is not None else None) or metrics.OTHER


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, such as "/graphql/<slug:customer>/"; empty for what is no address of webnet's."""
    if request.resolver_match is None:
        return ""
    route = f"/{request.resolver_match.route}"
    # The API is one address in two spellings.
    return f"{route.removesuffix('/')}/" if is_graphql_path(route) else route


def shown_path(request: HttpRequest) -> str:
    """The path without secrets, cut to a length that a log can bear."""
    path = request.path
    arguments = request.resolver_match.kwargs if request.resolver_match is not None else {}
    for secret in filter(None, map(arguments.get, SECRET_ARGUMENTS)):
        path = path.replace(str(secret), HIDDEN)
    return without_secrets(path)[:LONGEST_TEXT]  # also in a path that has no view
