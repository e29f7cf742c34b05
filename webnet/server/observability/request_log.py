"""A line in the log for each request, and its part in the metrics."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from webnet import metrics
from webnet.accounts.authentication import request_id
from webnet.request_record import RequestRecord, current_record
from webnet.server.observability.logs import HIDDEN, REQUEST_FIELDS, without_secrets

logger = logging.getLogger(__name__)

# Asked every few seconds by machines: worth a line only when something is wrong.
QUIET = frozenset({"healthz", "readyz", "metrics"})
# Arguments of addresses that nobody may read in a log.
SECRET_ARGUMENTS = ("token",)
LONGEST_TEXT = 200
# https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros are invalid.
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


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
def recording(request: HttpRequest) -> Iterator[Answered]:
    """Record what is known about the request, and log and count it when it was answered."""
    record, answer, started = RequestRecord(trace_id=read_trace_id(request)), Answered(), perf_counter()
    token = current_record.set(record)
    try:
        yield answer
    finally:
        current_record.reset(token)
    if answer.response is not None:
        seconds, status = perf_counter() - started, answer.response.status_code
        log(request, record, status=status, seconds=seconds)
        count(request, record, status=status, seconds=seconds)


def read_trace_id(request: HttpRequest) -> str:
    """The trace that the request belongs to, if its header `traceparent` is valid."""
    found = TRACEPARENT.fullmatch(request.META.get("HTTP_TRACEPARENT", ""))
    return found[1] if found is not None else ""


def log(request: HttpRequest, record: RequestRecord, *, status: int, seconds: float) -> None:
    """Log one line. Nothing of the document, its variables, the query string and secrets in the path is in it."""
    path = shown_path(request)
    fields = {
        "method": request.method,
        "path": path,
        "operation": record.operation_name[:LONGEST_TEXT],
        "operation_type": record.operation_type,
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
    is_quiet = door_of(request) in QUIET and status < 400
    logger.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "%s %s %d in %.0f ms, request %s",
        *(request.method, path, status, seconds * 1000, fields["request_id"]),
        extra={REQUEST_FIELDS: {name: value for name, value in fields.items() if value not in (None, "", [])}},
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


def shown_path(request: HttpRequest) -> str:
    """The path without secrets, cut to a length that a log can bear."""
    path = request.path
    arguments = request.resolver_match.kwargs if request.resolver_match is not None else {}
    for secret in filter(None, map(arguments.get, SECRET_ARGUMENTS)):
        path = path.replace(str(secret), HIDDEN)
    return without_secrets(path)[:LONGEST_TEXT]  # also in a path that has no view
