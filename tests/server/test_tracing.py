"""Traces by OpenTelemetry: what they say and what never, that nothing waits for them, and that they are optional."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client as DjangoClient
from django.test import RequestFactory

from tests.api.client import GraphQLClient
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.factories import make_customer, make_member, make_token
from tests.plugins.conftest import install, registered
from tests.sdk.conftest import SYSTEM, fill
from tests.servers import run_command, serve_production
from webnet.plugins.base import DashboardWidget, PluginBase
from webnet.plugins.manager import manager
from webnet.request_record import MOST_TRACED_STATEMENTS, Trace
from webnet.server.observability import request_log
from webnet.server.observability.logs import REQUEST_FIELDS, OncePerMinute

pytestmark = with_files_of_its_own

REASON = "The extra 'tracing' is not installed."
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason=REASON)

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: E402 - if it is installed
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: E402
from opentelemetry.sdk.trace import ReadableSpan  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from opentelemetry.trace import SpanKind, StatusCode  # noqa: E402

from tests.server.collectors import PATIENCE_SECONDS, collecting  # noqa: E402
from webnet.server.observability import tracing  # noqa: E402
from webnet.server.observability.tracing import RequestTracer, summarise  # noqa: E402

__all__ = ["install", "registered"]

LOGGER = "webnet.server.observability.request_log"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
Spans: TypeAlias = Callable[[], dict[str, ReadableSpan]]


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Requests of this process are traced, and their spans kept here."""
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(request_log, "tracer", RequestTracer({}, lambda: SimpleSpanProcessor(exporter)))
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Spans:
    """Call it for the spans so far, by name."""
    return lambda: {span.name: span for span in exporter.get_finished_spans()}


def requests_of(spans: Spans) -> dict[str, ReadableSpan]:
    return {name: span for name, span in spans().items() if span.kind is SpanKind.SERVER}


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def member_of_acme() -> GraphQLClient:
    return GraphQLClient.of(make_member("ada", make_customer("acme")), view="acme")


@pytest.mark.django_db
def test_a_request_is_a_span_in_its_callers_trace_that_says_what_the_log_says(
    spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    client = member_of_acme()

    with caplog.at_level(logging.INFO, LOGGER):
        client.send({"query": "query Me { viewer { user { username } } }"}, traceparent=f"00-{TRACE}-{SPAN}-01")

    (span,) = requests_of(spans).values()
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    (line,) = [vars(record)[REQUEST_FIELDS] for record in caplog.records if record.name == LOGGER]
    assert line["trace_id"] == TRACE
    attributes = attributes_of(span)
    attributes.pop("webnet.plugins", None)
    assert attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/graphql/<slug:customer>/",
        "url.path": "/graphql/acme/",
        "graphql.operation.type": "query",
        "graphql.operation.name": "Me",
        "webnet.customer": "acme",
        "webnet.cost": line["cost"],
        "webnet.statements": line["statements"],
        "webnet.request_id": line["request_id"],
    }
    assert (span.name, span.status.status_code) == ("query Me", StatusCode.UNSET)


def test_without_a_caller_a_trace_begins_that_the_log_has_too(
    client: DjangoClient, spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        client.get("/nowhere/canary?token=canary", HTTP_TRACEPARENT="canary")

    (span,) = requests_of(spans).values()
    (line,) = [vars(record)[REQUEST_FIELDS] for record in caplog.records if record.name == LOGGER]
    assert line["trace_id"] == f"{span.context.trace_id:032x}" and span.parent is None
    assert (span.name, attributes_of(span)["url.path"]) == ("GET", "/nowhere/canary")


def test_health_and_what_the_caller_does_not_sample_are_not_sent(client: DjangoClient, spans: Spans) -> None:
    client.get("/healthz")
    client.get("/nowhere", HTTP_TRACEPARENT=f"00-{TRACE}-{SPAN}-00")

    assert spans() == {}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_spans_of_a_plugins_code_name_it_and_have_its_statements(
    spans: Spans, enable_plugin, webnet_client, webnet_customer
) -> None:
    enable_plugin("shelf")
    fill(webnet_customer)

    webnet_client.query("{ shelves { material } firstBook { title } }")

    found = spans()
    (request,) = requests_of(spans).values()
    call, per_row = found["shelf Query.firstBook"], found["shelf Shelf.material"]
    assert call.parent.span_id == per_row.parent.span_id == request.context.span_id
    assert attributes_of(call).items() >= {"webnet.plugin": "shelf", "webnet.place": "Query.firstBook"}.items()
    assert (attributes_of(call)["webnet.calls"], attributes_of(per_row)["webnet.calls"]) == (1, 2)
    assert request.start_time <= call.start_time < call.end_time <= request.end_time
    statement = found["SELECT shelf_book"]
    assert statement.parent.span_id == call.context.span_id and statement.kind is SpanKind.CLIENT
    assert call.start_time <= statement.start_time < statement.end_time <= call.end_time
    assert attributes_of(statement) == {
        "db.system.name": connection.vendor,
        "db.operation.name": "SELECT",
        "db.collection.name": "shelf_book",
        "db.query.summary": "SELECT shelf_book",
        "webnet.plugin": "shelf",
    }
    assert {each.context.trace_id for each in found.values()} == {request.context.trace_id}


def read_with_a_value_in_the_text() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'canary', ' FROM canary' FROM customers_user WHERE username = 'canary'")
        return {"rows": len(cursor.fetchall())}


def fail() -> None:
    raise RuntimeError("canary")


class Careless(PluginBase):
    name = "careless"
    version = "1"

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        return [
            DashboardWidget(name="reading", title="Reading", data=read_with_a_value_in_the_text),
            DashboardWidget(name="failing", title="Failing", data=fail),
        ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nothing_of_documents_values_people_and_secrets_is_in_what_is_sent(
    exporter: InMemorySpanExporter, spans: Spans, install: Callable[..., None]
) -> None:
    install(Careless(), enabled=True)
    ada = make_member("ada", make_customer("acme"), email="canary@example.com")
    manager.enable("careless", actor=SYSTEM, customer="acme")
    client = GraphQLClient(token=make_token(ada, secret="wn_canary"), view="acme", HTTP_USER_AGENT="canary")
    client.http.cookies["session"] = "canary"

    widgets = client.data(
        """query Find($canary: String = "canary") { canary: customer(slug: $canary) { slug } # canary
            viewer { user { email } } dashboardWidgets { data error } }""",
        canary="canary",
    )
    client.code("query Wrong { canary }")
    client.http.get("/invitations/canary/?canary=canary")
    client.http.get(f"/invitations/wi_canary{'y' * 40}")

    assert widgets["viewer"]["user"]["email"] == "canary@example.com"  # it was all there
    sent = encode_spans(exporter.get_finished_spans()).SerializeToString()
    assert b"canary" not in sent.lower()
    assert b"query Find" in sent and b"query Wrong" in sent and b"careless" in sent  # negative controls
    failing, reading = spans()["careless the widget 'failing'"], spans()["careless the widget 'reading'"]
    assert (attributes_of(failing)["error.type"], failing.status.status_code) == ("RuntimeError", StatusCode.ERROR)
    assert reading.status.status_code is StatusCode.UNSET
    assert spans()["SELECT customers_user"].parent.span_id == reading.context.span_id


def test_statements_have_only_names_that_webnet_knows() -> None:
    assert summarise('SELECT "a"."b" FROM "customers_user" INNER JOIN "x"') == ("SELECT", "customers_user")
    assert summarise("UPDATE customers_user SET name = 'canary'") == ("UPDATE", "customers_user")
    assert summarise("canary FROM canary, customers_user") == ("SQL", "")
    assert summarise(" ") == ("SQL", "")


def test_a_request_with_many_statements_has_a_limited_number_of_spans() -> None:
    trace = Trace(offset=0)

    for _ in range(MOST_TRACED_STATEMENTS + 1):
        trace.add_statement("SELECT 1", place=None, began=0.0)

    assert len(trace.statements) == MOST_TRACED_STATEMENTS


def test_an_answer_of_503_is_an_error(exporter: InMemorySpanExporter, spans: Spans) -> None:
    request_log.log_requests(lambda request: HttpResponse(status=503))(RequestFactory().generic("CANARY", "/"))

    (span,) = spans().values()
    assert (span.name, span.status.status_code) == ("HTTP", StatusCode.ERROR)
    assert attributes_of(span).items() >= {"error.type": "503", "http.request.method": "_OTHER"}.items()


def test_the_span_of_a_stream_ends_when_the_stream_begins(spans: Spans) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        seen.append(len(spans()))
        yield b"data"

    async def respond(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(pieces())

    async def read() -> None:
        response = await request_log.log_requests(respond)(RequestFactory().get("/graphql/"))
        assert [piece async for piece in response] == [b"data"]

    seen: list[int] = []

    asyncio.run(read())

    assert seen == [1]


def test_a_collector_that_never_answers_keeps_neither_requests_nor_the_end_waiting(
    client: DjangoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_processor() -> BatchSpanProcessor:
        processors.append(BatchSpanProcessor(OTLPSpanExporter()))
        return processors[0]

    processors: list[BatchSpanProcessor] = []
    monkeypatch.setattr(tracing, "FLUSH_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {ENDPOINT: f"http://127.0.0.1:{silent.getsockname()[1]}", "OTEL_EXPORTER_OTLP_TIMEOUT": "60"}
        tracer = RequestTracer(variables | {"OTEL_BSP_SCHEDULE_DELAY": "1"}, make_processor)
        monkeypatch.setattr(request_log, "tracer", tracer)

        answers = {client.get("/nowhere").status_code for _ in range(3)}
        with silent.accept()[0]:  # it is being sent to
            begun = monotonic()
            tracer.stop()
            waited = monotonic() - begun
            processors[0].span_exporter.shutdown()  # so that nothing of it is left

    assert answers == {404}
    assert waited < 10


def test_what_repeats_itself_has_a_line_in_a_minute() -> None:
    def record(seconds: float) -> logging.LogRecord:
        made = logging.LogRecord("opentelemetry.sdk", logging.WARNING, __file__, 1, "Queue full", (), None)
        made.created = 1e9 + seconds
        return made

    rarely = OncePerMinute()

    assert [rarely.filter(record(seconds)) for seconds in (0, 1, 59, 60, 61)] == [True, False, False, True, False]


def test_the_sdk_logs_through_that_filter_alone() -> None:
    logger = logging.getLogger("opentelemetry")

    assert not logger.propagate
    assert [type(each) for handler in logger.handlers for each in handler.filters] == [OncePerMinute]


def test_traces_that_cannot_be_begun_stop_no_process(
    client: DjangoClient, settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.WEBNET_TRACING = True
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")

    with request_log.tracing_requests():
        assert (client.get("/healthz").status_code, request_log.tracer) == (200, None)

    assert "max_export_batch_size must be less" in caplog.text


def test_variables_are_the_sdks_only_while_it_is_made(exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)

    names = [
        RequestTracer(variables, lambda: SimpleSpanProcessor(exporter))._provider.resource.attributes["service.name"]
        for variables in ({"OTEL_SERVICE_NAME": "shop"}, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=desk"}, {})
    ]

    assert names == ["shop", "desk", "webnet"]
    assert not [name for name in os.environ if name.startswith("OTEL_")]


IMPORTED = """
import sys
from django.test import Client
from webnet.server.observability.request_log import tracing_requests
with tracing_requests():
    assert Client().get("/healthz", HTTP_HOST="127.0.0.1").status_code == 200
print("imported", MODULES & set(sys.modules))
"""
# redis-py imports others of OpenTelemetry's by itself, wherever they are installed.
MODULES = {"opentelemetry.exporter", "opentelemetry.sdk.trace", "webnet.server.observability.tracing"}


@pytest.mark.slow
def test_nothing_of_opentelemetry_is_imported_unless_traces_are_wanted(tmp_path: Path) -> None:
    done = run_command("shell", "-v0", "-c", f"MODULES = {MODULES}\n{IMPORTED}", data_dir=tmp_path)

    assert "imported set()" in done.stdout, done.stderr
    assert set(sys.modules) >= MODULES  # a negative control: this process has them


def test_what_is_left_is_sent_at_the_end(client: DjangoClient, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBNET_TRACING = True
    monkeypatch.setattr(tracing, "FLUSH_SECONDS", PATIENCE_SECONDS)
    # Long after the end, so what comes was sent because of it.
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    with collecting() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)

        with request_log.tracing_requests():
            client.get("/nowhere")
            sent_before = list(collector.spans)

    assert (sent_before, [span.name for span in collector.spans]) == ([], ["GET"])


@pytest.mark.slow
def test_the_workers_of_a_server_trace_as_the_environment_and_its_file_say(tmp_path: Path) -> None:
    file = tmp_path / "webnet.env"
    file.write_text("OTEL_EXPORTER_OTLP_HEADERS=key=from-the-file\n")
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "Authorization": "Bearer wn_canary"}

    with collecting() as collector:
        variables = {ENDPOINT: collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_SERVICE_NAME": "desk"}
        with serve_production(tmp_path, workers=2, WEBNET_ENV_FILE=str(file), **variables) as server:
            for _ in range(8):
                Client(server.url).get("/nowhere?canary", **headers)
            spans = collector.wait_for_spans(8)

    assert {(span.name, span.trace_id, span.parent_id) for span in spans} == {("GET", TRACE, SPAN)}
    assert {span.resource["service.name"] for span in spans} == {"desk"}
    assert {each["key"] for each in collector.headers} == {"from-the-file"}
    assert b"canary" not in b"".join(collector.bodies)
