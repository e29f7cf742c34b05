"""A line for each request: who asked what, how it went, and nothing that a log must not have."""

from __future__ import annotations

import json
import logging

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member
from webnet.accounts.authentication import make_secret
from webnet.accounts.invitations import SECRET_PREFIX
from webnet.containment import PLUGIN_TRACEBACK
from webnet.request_record import current_record
from webnet.server.observability.logs import REQUEST_FIELDS, JsonFormatter, RecordFormatter, RefusalFilter
from webnet.server.observability.request_log import read_traceparent, recording, shown_path

LOGGER = "webnet.server.observability.request_log"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def entries(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(JsonFormatter().format(each)) for each in caplog.records if each.name == LOGGER]


@pytest.mark.django_db
def test_an_operation_is_logged_with_who_asked_and_how_it_went(caplog: pytest.LogCaptureFixture) -> None:
    ada = make_member("ada", make_customer("acme"))
    client = GraphQLClient.of(ada, view="acme")

    with caplog.at_level(logging.INFO, LOGGER):
        client.run('query Find($canary: String = "canary") { customer(slug: $canary) { slug } viewer { nothing } }')
        client.run("query Me { viewer { user { username } } }")

    refused, answered = entries(caplog)
    assert (refused["codes"], refused["status"]) == (["GRAPHQL_VALIDATION_FAILED"], 200)
    fields = ("method", "path", "operation", "operation_type", "status", "user_id", "customer", "logger", "level")
    assert {name: answered[name] for name in fields} == {
        "method": "POST",
        "path": "/graphql/acme/",
        "operation": "Me",
        "operation_type": "query",
        "status": 200,
        "user_id": ada.pk,
        "customer": "acme",
        "logger": LOGGER,
        "level": "INFO",
    }
    assert int(str(answered["statements"])) > 0 and float(str(answered["duration_ms"])) > 0
    assert int(str(answered["cost"])) > 0 and len(str(answered["request_id"])) == 32
    assert "canary" not in caplog.text and "codes" not in answered


@pytest.mark.django_db
def test_a_refusal_in_an_answer_has_its_code_in_the_line(caplog: pytest.LogCaptureFixture) -> None:
    client = GraphQLClient.of(make_member("ada", make_customer("acme")), view="acme")

    with caplog.at_level(logging.INFO, LOGGER):
        client.run('mutation { createCustomer(input: {slug: "b", name: "B"}) { __typename } }')

    (line,) = entries(caplog)
    assert (line["operation_type"], line["codes"]) == ("mutation", ["OPERATORS_ONLY"])


@pytest.mark.django_db
def test_health_is_only_worth_a_line_where_it_fails(client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        client.get("/healthz")
        client.get("/nowhere")

    assert [line["path"] for line in entries(caplog)] == ["/nowhere"]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-brings", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", ""),
        ("canary\n", ""),
        ("", ""),
    ],
)
def test_the_trace_of_the_caller_is_taken_over_if_it_is_valid(sent: str, found: str) -> None:
    assert read_traceparent(RequestFactory().get("/", HTTP_TRACEPARENT=sent)).trace_id == found


def test_secrets_in_a_path_and_long_paths_are_not_logged() -> None:
    request = RequestFactory().get("/invitations/canary/" + "x" * 10_000)
    request.resolver_match = ResolverMatch(lambda: None, (), {"token": "canary"})

    shown = shown_path(request)

    assert shown.startswith("/invitations/***/") and len(shown) == 200


def test_the_plugins_whose_code_has_run_and_the_trace_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    request = RequestFactory().get("/", HTTP_TRACEPARENT=f"00-{TRACE}-00f067aa0ba902b7-01")

    with caplog.at_level(logging.INFO, LOGGER), recording(request) as answer:
        record = current_record.get()
        assert record is not None
        record.plugin_use("shelf").statements += 1
        answer.response = HttpResponse()

    (line,) = entries(caplog)
    assert (line["plugins"], line["trace_id"]) == (["shelf"], TRACE)


@pytest.mark.parametrize(
    ("path", "host", "said"),
    [
        ("/nowhere/", "testserver", 1),
        ("/healthz/", "testserver", 1),
        ("/sign-in/", "evil.example", 2),
    ],
)
def test_a_request_that_any_client_can_make_takes_a_line_and_no_traceback(
    path: str, host: str, said: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        Client().get(path, HTTP_HOST=host)

    written = [each for each in caplog.records if RefusalFilter().filter(each)]
    assert len(written) == said and written[-1].name == LOGGER
    assert not any("\n" in RecordFormatter().format(each) for each in written)
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["refusals"]


@pytest.mark.parametrize(("status", "is_said_twice"), [(404, False), (500, True), (503, False), (504, False)])
def test_of_failures_django_adds_a_line_to_those_alone_that_nobody_expected(status: int, is_said_twice: bool) -> None:
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "%s: /", ("Gone wrong",), None)
    record.status_code = status

    assert RefusalFilter().filter(record) is is_said_twice


@pytest.mark.parametrize("formatter", [RecordFormatter(), JsonFormatter()])
@pytest.mark.parametrize("path", ["/invitations/{}", "/invitations/{}/)", "/invitations/{}/", "/c/{}/", "/{}"])
def test_a_token_in_any_path_is_not_logged(path: str, formatter: RecordFormatter, caplog) -> None:
    secret = make_secret(SECRET_PREFIX)

    with caplog.at_level(logging.INFO, LOGGER):
        for host in ("testserver", "evil.example"):
            Client().get(path.format(secret), HTTP_HOST=host)

    lines = "\n".join(map(formatter.format, caplog.records))
    assert "***" in lines and "evil.example" in lines  # a negative control
    assert secret not in lines


@pytest.mark.parametrize("value", ["plain", "Zoë", "\u2028", "\ud800", 2**70, [2**63], {"a": None}, 1.5])
def test_any_value_of_a_record_for_machines_is_read_as_it_was(value: object) -> None:
    record = logging.LogRecord("webnet", logging.INFO, __file__, 1, "said", (), None)
    vars(record)[REQUEST_FIELDS] = {"value": value}

    line = JsonFormatter().format(record)

    assert line.isascii() and line.isprintable()
    assert json.loads(line)["value"] == value


def test_a_record_for_machines_is_one_object_in_one_line_whatever_is_in_it() -> None:
    record = logging.LogRecord("webnet", logging.ERROR, __file__, 1, "a\n%s\x1b", ("\u2028b",), None)
    vars(record).update({REQUEST_FIELDS: {"path": "/\r\n"}, PLUGIN_TRACEBACK: "Traceback\n1 / 0"})

    line = JsonFormatter().format(record)

    assert line.isascii() and line.isprintable()
    entry = json.loads(line)
    assert (entry["message"], entry["path"]) == ("a\n\u2028b\x1b", "/\r\n")
    assert entry["traceback"] == "Traceback\n1 / 0"
