"""What Prometheus reads: who may, what is counted, and that all workers of a server are in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TypeAlias

import pytest
from django.test import Client as DjangoClient
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from tests.api.client import GraphQLClient
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.factories import make_customer, make_member
from tests.servers import serve_production
from webnet import metrics
from webnet.server.observability import shared_metrics

pytestmark = with_files_of_its_own

ROOT = Path(__file__).resolve().parents[2]
Samples: TypeAlias = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """The value of each sample, by its name and labels."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(each.name, frozenset(each.labels.items())): each.value for each in samples}


def find(samples: Samples, name: str, **labels: str) -> float:
    return sum(value for (found, its), value in samples.items() if found == name and frozenset(labels.items()) <= its)


@pytest.mark.django_db
def test_requests_their_statements_and_their_errors_are_counted() -> None:
    client = GraphQLClient.of(make_member("ada", make_customer("acme")), view="acme")
    before = read(shared_metrics.collect().decode())

    client.run("query Me { viewer { user { username } } }")
    client.run("query Wrong { viewer { nothing } }")

    after = read(shared_metrics.collect().decode())

    def grown(name: str, **labels: str) -> float:
        return find(after, name, **labels) - find(before, name, **labels)

    assert grown("webnet_request_seconds_count", door="graphql-customer", method="POST") == 2
    assert grown("webnet_request_statements_sum", door="graphql-customer") > 0
    assert grown("webnet_operation_errors_total", operation="Wrong") == 1
    assert grown("webnet_operation_errors_total", operation="Me") == 0


def test_names_that_clients_choose_make_a_limited_number_of_series() -> None:
    names = metrics.KnownLabels(2, other=("other",))

    assert [names.limit(each) for each in ("a", "b", "c", "a")] == [("a",), ("b",), ("other",), ("a",)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 200),
        ({"REMOTE_ADDR": "192.0.2.1"}, 404),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
        ({"HTTP_VIA": "1.1 proxy"}, 404),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, 404),
    ],
)
def test_without_a_token_only_this_machine_reads_them(client: DjangoClient, sent: dict[str, str], status: int) -> None:
    assert client.get("/metrics", **sent).status_code == status


@pytest.mark.parametrize(("sent", "status"), [({}, 404), ("Bearer wrong", 404), ("Bearer right", 200)])
def test_with_a_token_nobody_reads_them_without(client: DjangoClient, settings, sent: object, status: int) -> None:
    settings.WEBNET_METRICS_TOKEN = "right"
    headers = {"HTTP_AUTHORIZATION": sent} if sent else {}

    assert client.get("/metrics", **headers, REMOTE_ADDR="192.0.2.1").status_code == status
    assert client.get("/metrics", **headers).status_code == status


@pytest.mark.slow
def test_all_workers_of_a_server_are_in_them_and_its_log_is_json(tmp_path: Path) -> None:
    with serve_production(tmp_path, workers=2, WEBNET_SECRET_KEY="another", WEBNET_LOG_FORMAT="json") as server:
        client = Client(server.url)
        asked = 40
        for number in range(asked):
            client.get(f"/c/nowhere-{number}/?secret=canary", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")

        samples = read(client.get("/metrics").text)
        (folder,) = (tmp_path / shared_metrics.FOLDER).iterdir()
        processes = {path.stem.rpartition("_")[2] for path in folder.glob("histogram_*.db")}
        lines = server.wait_for("/c/nowhere-39/")

    assert find(samples, "webnet_request_seconds_count", door="customer") == asked
    assert len(processes) >= 2
    entries = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    (last,) = [each for each in entries if each.get("path") == "/c/nowhere-39/"]
    assert (last["method"], last["status"], last["trace_id"]) == ("GET", 302, "a" * 32)
    assert last["duration_ms"] > 0 and len(last["request_id"]) == 32
    assert "canary" not in lines
    assert not list((tmp_path / shared_metrics.FOLDER).iterdir())


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())

    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    shown = {re.sub("_(bucket|count|sum)$", "", name) for name in re.findall(r"webnet_\w+", asked)}
    known = [metric.describe()[0] for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    kinds = {f"{each.name}_total" if each.type == "counter" else each.name for each in known}
    assert shown == kinds
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
