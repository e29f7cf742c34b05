"""Searching the audit log by text, a range of positions for each page; and that no page of any filter sorts the log."""

from __future__ import annotations

import json
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.plans import explain
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_rows
from webnet.api.events.audience import Audience
from webnet.api.paging.keyset import write_cursor
from webnet.api.request.reader import Reading
from webnet.api.resolvers import orders
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.audit import search_range
from webnet.audit.log import AuditEntry, record
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.errors import PermissionDenied

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = """query($filter: PluginAuditLogFilter, $first: Int, $after: String, $last: Int, $before: String) {
  pluginAuditLogs(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges { node { reason } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
ROWS = 30


@pytest.fixture
def acme():
    return make_customer("acme")


@pytest.fixture
def client(acme) -> GraphQLClient:
    """The platform operator's, on a log of 30 rows, of acme and of the platform by turns."""
    write_rows(ROWS, customers=[None, acme])
    return GraphQLClient.of(make_operator())


@pytest.fixture
def reach_of_10(monkeypatch):
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", 10)


def find(client, search, **more):
    page = client.data(PAGE, filter={"search": search}, **more)["pluginAuditLogs"]
    return [edge["node"]["reason"] for edge in page["edges"]], page["pageInfo"]


def tickets(*numbers):
    return [f"because of ticket {number}" for number in numbers]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("TICKET 17", tickets(17)),
        ("ticket 2", tickets(29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 2)),
        ('"limit": 12', tickets(12, 11)),
        ("é", tickets(*range(29, -1, -1))),
        ("inventory", tickets(*range(29, -1, -1))),
        (PermissionDenied.code.lower(), tickets(29, 24, 19, 14, 9, 4)),
        ("", tickets(*range(29, -1, -1))),
        ("%", []),
        ("nowhere", []),
        ("192.0.2.1", []),
    ],
)
def test_a_search_finds_a_part_of_what_is_shown_to_all_who_may_read_a_row(client, search, expected):
    assert find(client, search)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "TICKET 2",  # the reason
        "ADA",  # the actor
        "Acme",  # the customer
        "inventory",
        "1.0",  # the plugin's version
        "update_plugin",
        PermissionDenied.code.lower(),
        "r-1",  # the request
        '"limit": 12',  # what changed
        "é",
        "%",
        "192.0.2.1",
    ],
)
def test_an_export_finds_the_same_rows_for_the_same_text(client, text):
    """The command and the API, both for real."""
    output = StringIO()
    call_command("export_audit_log", text=text, stdout=output)

    exported = [json.loads(json.loads(line)["text"])["reason"] for line in output.getvalue().splitlines()]
    assert exported == find(client, text, first=100)[0][::-1]
    assert bool(exported) == (text not in ("%", "192.0.2.1"))


def test_a_page_looks_through_its_reach_and_the_next_goes_on_where_it_stopped(client, reach_of_10):
    found, info = find(client, "ticket 5")
    assert found == [] and info["hasNextPage"] and info["endCursor"] and not info["hasPreviousPage"]

    found, info = find(client, "ticket 5", after=info["endCursor"])
    assert found == [] and info["hasNextPage"] and info["hasPreviousPage"]

    found, info = find(client, "ticket 5", after=info["endCursor"])
    assert found == tickets(5) and not info["hasNextPage"] and info["hasPreviousPage"]


def test_backwards_it_goes_on_just_so(client, reach_of_10):
    found, info = find(client, "ticket 15", last=5)
    assert found == [] and info["hasPreviousPage"] and not info["hasNextPage"]

    found, info = find(client, "ticket 15", last=5, before=info["startCursor"])

    assert found == tickets(15) and info["hasPreviousPage"] and info["hasNextPage"]


def test_every_row_is_found_once_whatever_the_size_of_pages(client, reach_of_10):
    for size in (1, 3, 100):
        found, after = [], None
        while True:
            page, info = find(client, "ticket 1", first=size, after=after)
            found += page
            after = info["endCursor"]
            if not info["hasNextPage"]:
                break
        assert found == tickets(19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1)


def test_nested_in_customers_it_has_the_same_reach_for_all(client, reach_of_10):
    write_rows(1, customers=[make_customer("globex")])
    query = """{ customers { edges { node { slug auditLogs(filter: {search: "ticket"}) {
        edges { node { reason } } pageInfo { hasNextPage } } } } } }"""

    with CaptureQueriesContext(connection) as asked:
        nodes = [edge["node"] for edge in client.data(query)["customers"]["edges"]]

    assert {node["slug"]: len(node["auditLogs"]["edges"]) for node in nodes} == {"acme": 5, "globex": 1}
    assert all(node["auditLogs"]["pageInfo"]["hasNextPage"] for node in nodes)
    assert sum("plugins_pluginauditlog" in query["sql"] for query in asked) <= 4


def test_what_is_told_to_admins_alone_can_not_be_searched_for_by_others(client, acme):
    make_member("oscar", acme, Role.OPERATOR)
    operator = GraphQLClient.of(find_user("oscar"))

    assert find(operator, "192.0.2.1")[0] == []
    assert len(find(operator, "ticket")[0]) == ROWS / 2


def context_of(actor):
    return SimpleNamespace(actor=actor, view_slug="", reading=Reading(actor=actor, platform_token=None))


def find_user(username):
    from webnet.customers.models import User

    return User.objects.get(username=username)


def test_a_followed_search_covers_the_log_stretch_by_stretch(client, monkeypatch):
    monkeypatch.setattr("webnet.api.events.audience.SEARCHED_ROWS", 10)
    audience = Audience.of(context_of(Actor.system("tests")), PluginAuditLogFilter(search="ticket 15"))
    position, found = 0, []
    while position < ROWS:
        rows, covered = audience.read(after=position, until=ROWS, limit=100)
        assert position < covered <= position + 10
        position, found = covered, [*found, *rows]

    assert [row.reason for row in found] == tickets(15)


def test_a_search_can_not_ask_for_what_is_redacted(acme):
    with transaction.atomic():
        record(AuditEntry(actor=Actor(name="root", user_id=1), action="enable_plugin", reason="a secret plan"))
    make_member("oscar", acme, Role.OPERATOR)
    context = context_of(Actor(name="oscar", user_id=find_user("oscar").pk))

    assert Audience.of(context, PluginAuditLogFilter(search="secret plan")).read(after=0, until=9, limit=9)[0] == []


FILTERS = [
    {},
    {"customer": ["acme"]},
    {"platform": True},
    {"platform": False},
    {"plugin": ["inventory"]},
    {"actor": ["ada"]},
    {"action": ["update_plugin_settings"]},
    {"outcome": ["REFUSED"]},
    {"errorCode": ["PERMISSION_DENIED"]},
    {"requestId": "r-1"},
    {"createdFrom": "2020-01-01T00:00:00Z"},
    {"createdUntil": "2100-01-01T00:00:00Z", "plugin": ["inventory"]},
    {"createdFrom": "2020-01-01T00:00:00Z", "createdUntil": "2100-01-01T00:00:00Z", "customer": ["acme"]},
    {"search": "ticket"},
    {"search": "ticket", "customer": ["acme"]},
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
@pytest.mark.parametrize("is_deep", [False, True])
def test_no_page_sorts_the_log(client, wanted, is_deep):
    row = PluginAuditLog.objects.get(position=20)
    after = write_cursor(orders.AUDIT_LOGS, row, view="") if is_deep else None

    with CaptureQueriesContext(connection) as asked:
        client.data(PAGE, filter=wanted, after=after)

    plans = [explain(query["sql"]) for query in asked if is_page(query["sql"])]
    assert plans and not any(sorts(plan) for plan in plans), plans


def test_a_page_that_sorts_the_log_would_be_seen(client):
    with CaptureQueriesContext(connection) as asked:
        list(PluginAuditLog.objects.filter(plugin_name="inventory").order_by("reason"))

    assert sorts(explain(asked[0]["sql"]))


def is_page(sql):
    return "plugins_pluginauditlog" in sql and " ORDER BY " in sql and '"plugins_pluginauditlog"."hash"' in sql


def sorts(plan):
    return "USE TEMP B-TREE" in plan or "Sort" in plan
