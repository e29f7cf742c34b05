"""The audit log's download: the command's format, for exactly those who may read the rows, streamed and bounded."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.databases import one_database_is_enough
from tests.plugins.audit_logs import write_rows
from webnet.api.http import audit_export
from webnet.audit import retention
from webnet.audit.models import PluginAuditLog
from webnet.console.dashboard import streamed_pages
from webnet.console.operations import audit_download
from webnet.customers.models import Customer

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

Browse = Callable[..., Client]
ADDRESS = "/c/acme/manage/audit/export/"


def download(client: Client, address: str) -> list[dict[str, Any]]:
    response = client.get(address)
    assert response.status_code == 200 and response["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in b"".join(response.streaming_content).decode().splitlines()]


def export(*options: str) -> list[dict[str, Any]]:
    """What the command writes."""
    out = io.StringIO()
    call_command("export_audit_log", *options, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def rows(acme: Customer) -> None:
    write_rows(12, customers=[None, acme, Customer.objects.get(slug="globex")])
    retention.make_checkpoint()
    write_rows(3, customers=[acme])


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", ()),
        ("customer=acme", ("--customer", "acme")),
        ("plugin=inventory&outcome=REFUSED", ("--plugin", "inventory", "--outcome", "refused")),
        ("q=ticket%201", ("--text", "ticket 1")),
        ("actor=nobody", ("--actor", "nobody")),
        ("from=2020-01-01&until=2999-01-01T00:00", ("--from", "2020-01-01", "--until", "2999-01-01")),
    ],
)
def test_platform_operators_get_what_the_command_writes(browse: Browse, query: str, options: tuple[str, ...]) -> None:
    assert download(browse("platform"), f"/audit/export/?{query}") == export(*options)


@pytest.mark.usefixtures("rows")
def test_a_customers_people_get_their_rows_as_the_api_shows_them(acme: Customer, browse: Browse) -> None:
    found = download(browse("oscar"), ADDRESS)
    rows = [json.loads(line["text"]) for line in found]

    stored = PluginAuditLog.objects.filter(customer_id=acme.pk).order_by("position")
    assert [row["sequence"] for row in rows] == [row.sequence for row in stored]
    assert set(rows[0]) == set(audit_export.SHOWN_COLUMNS)
    assert rows[-1]["after"] == {"settings": {"limit": 3, "rate": 0.5, "é": [None, True]}}
    query = "{ pluginAuditLogs { nodes { hash createdAt } } }"
    nodes = browse("oscar").get("/graphql/acme/", {"query": query}).json()["data"]["pluginAuditLogs"]["nodes"]
    assert [line["hash"] for line in found] == [node["hash"] for node in reversed(nodes)]
    assert [row["created_at"] for row in rows] == [node["createdAt"] for node in reversed(nodes)]


@pytest.mark.usefixtures("rows")
def test_only_admins_get_addresses_and_nobody_of_a_customer_gets_positions_keys_or_checkpoints(browse: Browse) -> None:
    of_admin = [json.loads(line["text"]) for line in download(browse("ann"), ADDRESS)]
    text = b"".join(browse("oscar").get(ADDRESS).streaming_content).decode()

    assert {row.get("ip_address") for row in of_admin} >= {"192.0.2.1"}
    for hidden in ("192.0.2.1", '"position', "machine_time", "actor_id", "customer_id", "checkpoint", "globex"):
        assert hidden not in text


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(("viewer", "status"), [("vera", 403), ("gus", 404)])
def test_whoever_may_not_read_the_rows_gets_no_file(browse: Browse, viewer: str, status: int) -> None:
    assert browse(viewer).get(ADDRESS).status_code == status
    assert browse(viewer).get("/audit/export/").status_code == 404


@pytest.mark.usefixtures("rows")
def test_the_platforms_operator_gets_one_customers_rows_in_its_view(acme: Customer, browse: Browse) -> None:
    lines = [line for line in download(browse("platform"), ADDRESS) if "text" in line]

    assert {json.loads(line["text"])["customer_id"] for line in lines} == {acme.pk}


@pytest.mark.usefixtures("rows")
def test_more_rows_than_one_download_may_have_are_refused_with_the_way_out(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "MOST_ROWS", 5)
    monkeypatch.setattr(audit_download, "MOST_ROWS", 5)

    response = browse("platform").get("/audit/export/?customer=acme")

    assert response.status_code == 422
    assert "More than 5 entries match" in response.text and "export_audit_log" in response.text
    assert 'value="acme"' in response.text


@pytest.mark.usefixtures("rows")
def test_what_can_not_be_filtered_by_is_said_on_the_page(browse: Browse) -> None:
    response = browse("platform").get("/audit/export/?from=yesterday")

    assert response.status_code == 400 and "Write a date and a time" in response.text


@pytest.mark.usefixtures("rows")
def test_the_file_is_read_in_batches_while_it_is_sent(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "BATCH_ROWS", 4)
    monkeypatch.setattr(audit_download, "PIECE_CHARACTERS", 1)
    response = browse("ann").get(ADDRESS)
    pieces: Iterator[bytes] = iter(response.streaming_content)

    with CaptureQueriesContext(connection) as before:
        next(pieces)
    with CaptureQueriesContext(connection) as rest:
        count = sum(1 for piece in pieces if piece)

    statements = [each for each in before if "SELECT" in each["sql"]]
    assert len(statements) == 1 and len(rest) >= 1 and count >= 6


@pytest.mark.usefixtures("rows")
def test_so_many_downloads_run_at_once_and_no_more(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_pages, "MAXIMUM_PER_PLUGIN", 2)
    client = browse("ann")
    running = [client.get(ADDRESS) for _ in range(2)]

    refused = client.get(ADDRESS)

    assert refused.status_code == 429 and "2 downloads run already" in refused.text and refused["Retry-After"] == "10"
    client.cookies["django_language"] = "de"
    assert "Es laufen schon 2 Downloads" in client.get(ADDRESS).text
    for response in running:
        response.close()
    assert client.get(ADDRESS).status_code == 200


@pytest.mark.usefixtures("rows")
def test_a_download_that_fails_is_logged_by_its_own_name(
    browse: Browse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(audit_export, "_show", fail)
    response = browse("ann").get(ADDRESS)

    with pytest.raises(streamed_pages.PageFailed):
        b"".join(response.streaming_content)

    assert "'the audit log's download' for 'acme' failed while it was streamed." in caplog.text
