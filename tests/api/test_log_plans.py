"""Which indexes the pages of the audit log and of other histories use, and that no page reads most of the log."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.api.plans import analyze, count_rows_read, explain
from tests.api.plugins import numbered
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_many
from webnet.api.paging.keyset import write_cursor
from webnet.api.resolvers import orders
from webnet.audit import search_range
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.customers.models import Customer, Role
from webnet.plugins.models import PluginConfig, PluginHealth

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LOG = "plugins_pluginauditlog"
ROWS = 3_000
REACH = 200
# By its statistics, which are a sample, PostgreSQL goes along the customer's rows in a range, or along all positions of
# it, of which a quarter are theirs; it counts a row in up to three steps. All of their rows would be 3,750 in one step.
OF_A_RANGE = 3 * 4 * REACH
MANY = 1_000_000  # From here on, ids of customers that need not exist.
PAGE = """query($filter: PluginAuditLogFilter, $first: Int, $after: String, $last: Int, $before: String) {
  pluginAuditLogs(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges { node { pluginName actorName } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def columns_of(number: int, customer: Customer) -> dict[str, Any]:
    """Two halves, by turns, without a common plugin, actor, action, outcome or error code; a hundredth is rare."""
    if number % 100 == 0:
        rare = dict.fromkeys(("plugin_name", "actor_name", "action", "error_code"), "rare")
        return {**rare, "outcome": "failed", "customer_id": MANY, "request_id": f"r-{number}"}
    if number % 2:
        owner = customer.pk if number % 4 == 1 else MANY + number % 97
        return {"plugin_name": "odd", "actor_name": "ada", "request_id": f"r-{number}", "customer_id": owner}
    refused = {"action": "disable_plugin", "outcome": "refused", "error_code": "PERMISSION_DENIED"}
    return {"plugin_name": "even", "actor_name": "bob", **refused}


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme")


@pytest.fixture
def client(acme) -> GraphQLClient:
    """The platform operator's; nobody has two values of the same row but of one half."""
    grow(acme, start=1_000)
    return GraphQLClient.of(make_operator())


def grow(customer: Customer, *, start: int) -> None:
    write_many(ROWS, start=start, columns=lambda number: columns_of(number, customer))
    analyze(LOG)


def log_statements(client: GraphQLClient, wanted: dict[str, Any], **paging: Any) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        client.data(PAGE, filter=wanted, **paging)
    return [query["sql"] for query in asked if LOG in query["sql"]]


ONE = {
    "audit_by_customer": {"customer": ["acme"]},
    "audit_by_plugin": {"plugin": ["rare"]},
    "audit_by_actor": {"actor": ["rare"]},
    "audit_by_action": {"action": ["rare"]},
    "audit_by_outcome": {"outcome": ["FAILED"]},
    "audit_by_error_code": {"errorCode": ["rare"]},
    "audit_by_request": {"requestId": "r-1"},
}


def test_each_filter_has_an_index_on_the_first_page_and_on_a_deep_one(client):
    place = write_cursor(orders.AUDIT_LOGS, PluginAuditLog.objects.get(position=3_500), view="")

    for index, wanted in ONE.items():
        for after in (None, place):
            *_, page = log_statements(client, wanted, after=after)
            assert index in (plan := explain(page, with_everything=True)), (wanted, after, plan)


PAIRS = [
    {"plugin": ["odd"], "actor": ["bob"]},
    {"plugin": ["odd"], "action": ["disable_plugin"]},
    {"actor": ["ada"], "outcome": ["REFUSED"]},
    {"customer": ["acme"], "plugin": ["even"]},
    {"customer": ["acme"], "errorCode": ["PERMISSION_DENIED"]},
    {"platform": True, "plugin": ["odd"]},
    {"platform": False, "plugin": ["even"]},
    {"plugin": ["odd"], "actor": ["bob", "nobody"]},
    {"plugin": ["odd", "other"], "actor": ["bob", "nobody"]},
]


def limits(short: list[int]) -> list[float]:
    """What a longer log may cost at most, for each that was read of a short one."""
    return [max(read * 1.5 + 50, OF_A_RANGE if connection.vendor == "postgresql" else 0) for read in short]


def test_two_filters_that_match_nothing_read_a_range_however_long_the_log_is(client, acme, monkeypatch):
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", REACH)
    short = [sum(map(count_rows_read, log_statements(client, wanted))) for wanted in PAIRS]
    for part in range(1, 5):
        grow(acme, start=1_000 + part * ROWS)

    long = [sum(map(count_rows_read, log_statements(client, wanted))) for wanted in PAIRS]

    assert [each for each in zip(PAIRS, short, long, limits(short), strict=True) if each[2] > each[3]] == []


def test_a_statement_that_reads_more_of_a_longer_log_would_be_seen(client, acme):
    with CaptureQueriesContext(connection) as asked:
        list(PluginAuditLog.objects.filter(plugin_name="odd", actor_name="bob").order_by("-position")[:51])
    short = count_rows_read(asked[0]["sql"])
    grow(acme, start=1_000 + ROWS)

    assert count_rows_read(asked[0]["sql"]) > short * 1.7


@pytest.mark.parametrize("forwards", [True, False])
def test_all_rows_that_match_two_filters_are_found_once(client, monkeypatch, forwards):
    wanted = {"plugin": ["odd"], "actor": ["ada"]}
    expected = list(PluginAuditLog.objects.filter(plugin_name="odd").order_by("-position").values_list("pk", flat=True))
    found, place = [], None
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", REACH)
    while True:
        paging = {"after": place, "first": 100} if forwards else {"before": place, "last": 100}
        page = client.data(PAGE, filter=wanted, **paging)["pluginAuditLogs"]
        found.append(len(page["edges"]))
        place = page["pageInfo"]["endCursor" if forwards else "startCursor"]
        if not page["pageInfo"]["hasNextPage" if forwards else "hasPreviousPage"]:
            break

    assert sum(found) == len(expected) and len(found) < 2 * len(expected) / 100 + 2


def test_a_rare_value_beside_a_frequent_one_is_found_on_the_first_page(client, monkeypatch):
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", REACH)

    page = client.data(PAGE, filter={"plugin": ["odd"], "actor": ["ada"], "requestId": "r-1001"})["pluginAuditLogs"]

    assert len(page["edges"]) == 1 and not page["pageInfo"]["hasNextPage"]


def test_a_filter_in_a_customers_view_reads_its_rows_alone(client, acme, monkeypatch):
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", REACH)
    oscar = GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR), view="acme")

    filters = ({"plugin": ["even"]}, {"actor": ["bob"]}, {"errorCode": ["PERMISSION_DENIED"]})
    statements = [log_statements(oscar, wanted) for wanted in filters]
    short = [sum(map(count_rows_read, each)) for each in statements]
    if connection.vendor == "sqlite":  # PostgreSQL may go along the positions of so short a range.
        plans = [explain(sql) for each in statements for sql in each if "ORDER BY" in sql]
        assert plans and all(set(re.findall(r"audit_by_\w+", plan)) == {"audit_by_customer"} for plan in plans)

    for part in range(1, 5):
        grow(acme, start=1_000 + part * ROWS)

    long = [sum(map(count_rows_read, log_statements(oscar, wanted))) for wanted in filters]
    assert [each for each in zip(filters, short, long, limits(short), strict=True) if each[2] > each[3]] == []


def test_histories_go_along_their_indexes(install, acme):
    install(*numbered(30), enabled=True)
    plugins = list(PluginConfig.objects.all())
    now = timezone.now()
    PluginHealth.objects.bulk_create(
        PluginHealth(
            plugin=plugin, customer=owner, status="healthy", checked_at=now, duration_ms=1, is_latest=not number
        )
        for plugin, owner in product(plugins, (acme, None))
        for number in range(50 if owner else 5)
    )
    write_many(
        ROWS, start=1_000, columns=lambda number: {"plugin_name": "plugin_007" if number % 300 == 0 else "other"}
    )
    renew_platform()
    analyze(LOG, PluginHealth._meta.db_table)
    root = GraphQLClient.of(make_operator())

    for field, table, index in (
        ("healthHistory(first: 5) { edges { node { status } } }", "plugins_pluginhealth", "health_by_pair"),
        ("auditLogs(first: 5) { edges { node { action } } }", LOG, "audit_by_plugin"),
        ("settingsHistory(first: 5) { edges { node { revision } } }", LOG, "audit_by_"),
    ):
        with CaptureQueriesContext(connection) as asked:
            root.data(f'{{ plugin(name: "plugin_007") {{ {field} }} }}')
        plans = [explain(query["sql"], with_everything=True) for query in asked if f'FROM "{table}"' in query["sql"]]
        # PostgreSQL has an index of foreign keys as well, which does for a plugin with few results.
        wanted = index if connection.vendor == "sqlite" else r"Index Cond: .*plugin_"
        assert plans and all(re.search(wanted, plan) for plan in plans), plans
