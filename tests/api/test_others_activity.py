"""What a customer's people see of the audit log says nothing of how much others do: no page, no value, no stop."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.plans import explain, forget_statistics
from tests.factories import make_customer, make_member, make_membership, make_operator
from tests.plugins.audit_logs import OPERATOR, cut_off, find_faults, write_rows
from webnet.api.paging.keyset import write_cursor
from webnet.api.resolvers import orders
from webnet.api.types.audit_log import HASHES
from webnet.api.vocabulary import sealed_texts
from webnet.audit import log as audit_log
from webnet.audit import retention, search_range
from webnet.audit.models import AuditHead, PluginAuditLog
from webnet.customers.models import Role

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = """query($after: String, $filter: PluginAuditLogFilter) {
  pluginAuditLogs(first: 4, after: $after, filter: $filter) {
    edges { cursor node {
      id sequence createdAt machineTime actorName role action outcome before after hash user { id } customer { id slug }
      plugin { id } pluginName pluginVersion errorCode reason requestId ipAddress } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
# What covers a row's position, and so differs with it; its length must not.
SEALED = re.compile(r'(?<="cursor":")[^"]+|(?<="startCursor":")[^"]+|(?<="endCursor":")[^"]+|(?<="hash":")[^"]+')
ROWS = 12


@pytest.fixture
def acme():
    return make_customer("acme")


@pytest.fixture
def globex():
    return make_customer("globex")


@pytest.fixture
def ann(acme):
    """Acme's admin."""
    return GraphQLClient.of(make_member("ann", acme, Role.ADMIN))


@pytest.fixture
def reach_of_5(monkeypatch):
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", 5)


def write_log(monkeypatch, acme, *, others, times):
    """A log of acme's rows, one a day at noon, with so many rows of others before each."""
    cut_off(after=0)
    AuditHead.objects.all().delete()
    for day in range(ROWS):
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
        monkeypatch.setattr(audit_log, "timezone", SimpleNamespace(now=lambda noon=noon: noon))
        write_rows(times, customers=others)
        write_rows(1, customers=[acme])


def read_all(client, wanted):
    """The bytes of all pages, without what is sealed."""
    pages, after = [], None
    while True:
        response = client.send({"query": EVERYTHING, "variables": {"filter": wanted, "after": after}})
        pages.append(SEALED.sub(lambda found: "?" * len(found[0]), response.content.decode()))
        info = response.json()["data"]["pluginAuditLogs"]["pageInfo"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            return pages


FILTERS = [{}, {"search": "ticket"}, {"search": "nowhere"}, {"search": "ada", "plugin": ["another"]}]


@pytest.mark.slow
def test_pages_are_the_same_whatever_others_do(ann, acme, globex, monkeypatch, reach_of_5):
    def read():
        return [read_all(ann, wanted) for wanted in FILTERS] + [read_all(ann.at("acme"), FILTERS[-1])]

    write_log(monkeypatch, acme, others=[globex, None], times=0)
    alone = read()
    write_log(monkeypatch, acme, others=[globex, None], times=3)
    among_others = read()

    assert among_others == alone
    assert {len(pages) for pages in alone} == {3}
    assert PluginAuditLog.objects.count() == ROWS * 4 and find_faults() == []


VALUES = "{ pluginAuditLogs { edges { node { sequence machineTime hash } } } }"


def values_for(client):
    """What the client sees of each row, newest first, as (sequence, machineTime, hash)."""
    edges = client.data(VALUES)["pluginAuditLogs"]["edges"]
    return [tuple(edge["node"].values()) for edge in edges]


def test_a_hash_tells_a_customer_nothing_that_could_be_tried(ann, acme, globex):
    write_rows(6, customers=[globex, acme])
    oscar = GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR))
    stored = [row.hash for row in PluginAuditLog.objects.filter(customer_id=acme.pk)]

    seen = [hash_ for _, _, hash_ in values_for(ann)]

    assert len(set(seen)) == 3 and not set(seen) & set(stored)
    assert [hash_ for _, _, hash_ in values_for(oscar.at("acme"))] == seen
    # Who has the server's key can compare what a customer has kept with an export.
    assert [sealed_texts.unseal(each, purpose=HASHES, bound_to=[]).hex() for each in seen] == stored


def test_platform_operators_get_the_hashes_of_the_chain_and_the_times_of_machines(acme):
    write_rows(4, customers=[None, acme])
    root = GraphQLClient.of(make_operator())
    rows = [(row.sequence, row.machine_time, row.hash) for row in PluginAuditLog.objects.all()]

    for view, expected in ((None, rows), ("acme", rows[::2])):
        found = values_for(root.at(view))

        assert [(number, datetime.fromisoformat(time), hash_) for number, time, hash_ in found] == expected


def test_that_the_log_was_ahead_of_the_clock_is_not_shown_to_customers(ann, acme, globex, monkeypatch):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for time, customer in ((now, globex), (now - timedelta(seconds=1), acme)):
        monkeypatch.setattr(audit_log, "timezone", SimpleNamespace(now=lambda time=time: time))
        write_rows(1, customers=[customer])

    assert [time for _, time, _ in values_for(ann)] == [None]


SEARCH = """query($filter: PluginAuditLogFilter, $after: String, $before: String, $first: Int, $last: Int) {
  pluginAuditLogs(filter: $filter, after: $after, before: $before, first: $first, last: $last) {
    edges { node { customer { slug } reason } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
BESIDE = [
    {},
    {"customer": ["acme"]},
    {"plugin": ["inventory"]},
    {"plugin": ["inventory", "another"], "actor": ["ada"]},
    {"action": ["update_plugin_settings"]},
    {"outcome": ["REFUSED"]},
    {"errorCode": ["PERMISSION_DENIED"]},
    {"requestId": "r-1"},
    {"platform": True},
    {"platform": False},
    {"createdFrom": "2020-01-01T00:00:00Z", "createdUntil": "2100-01-01T00:00:00Z"},
]


@pytest.fixture
def bea(acme, globex):
    """An operator of acme and of globex."""
    user = make_member("bea", acme, Role.OPERATOR)
    make_membership(user, globex, Role.OPERATOR)
    return GraphQLClient.of(user)


def pages_of(client, *, search, forwards=True, **wanted):
    """The reasons on each page of a search, in the order in which they are read."""
    pages, place = [], None
    while True:
        paging = {"after": place, "first": 100} if forwards else {"before": place, "last": 100}
        page = client.data(SEARCH, filter={"search": search, **wanted}, **paging)["pluginAuditLogs"]
        pages.append([edge["node"]["reason"] for edge in page["edges"]])
        info = page["pageInfo"]
        place = info["endCursor"] if forwards else info["startCursor"]
        if not info["hasNextPage" if forwards else "hasPreviousPage"]:
            return pages


@pytest.mark.parametrize("forwards", [True, False])
def test_each_page_of_a_search_covers_so_many_rows_of_the_customer(ann, acme, globex, reach_of_5, forwards):
    write_rows(40, customers=[globex, globex, None, acme])

    pages = pages_of(ann, search="ticket", forwards=forwards)

    own = [f"because of ticket {number}" for number in range(39, 0, -4)]
    assert pages == ([own[:5], own[5:]] if forwards else [own[5:], own[:5]])


@pytest.mark.parametrize("forwards", [True, False])
def test_several_customers_share_what_a_page_covers(bea, acme, globex, monkeypatch, forwards):
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", 4)
    write_rows(30, customers=[acme, globex, acme, None, None])

    pages = pages_of(bea, search="ticket", forwards=forwards)

    found = [reason for page in pages[:: 1 if forwards else -1] for reason in page]
    assert found == [f"because of ticket {number}" for number in range(29, -1, -1) if number % 5 < 3]
    assert {len(page) for page in pages} <= {2, 3, 4} and len(pages) > 4


def test_pruned_rows_end_a_search_like_the_beginning_of_the_log(ann, acme, globex, reach_of_5, settings, tmp_path):
    settings.WEBNET_DATA_DIR = tmp_path
    write_rows(8, customers=[globex, acme])
    retention.make_checkpoint()
    write_rows(20, customers=[globex, acme])
    retention.prune(before=PluginAuditLog.objects.get(position=9).created_at, actor=OPERATOR)

    assert [len(page) for page in pages_of(ann, search="ticket")] == [5, 5]


@pytest.mark.slow
@pytest.mark.parametrize("who", ["ann", "bea"])
def test_a_search_reads_no_rows_of_others(request, acme, globex, who):
    """By the index of customers alone: all others lead to rows of everybody, of which a page covers any number."""
    client = request.getfixturevalue(who)
    write_rows(ROWS, customers=[globex, None, acme])
    forget_statistics("customers_customer", "customers_membership", "plugins_pluginauditlog")
    place = write_cursor(orders.AUDIT_LOGS, PluginAuditLog.objects.filter(customer_id=acme.pk)[1], view="")

    wrong = []
    for wanted, paging in product(BESIDE, ({}, {"after": place}, {"before": place, "last": 2})):
        with CaptureQueriesContext(connection) as asked:
            client.data(SEARCH, filter={"search": "nowhere", **wanted}, **paging)
        plans = [explain(query["sql"]) for query in asked if "plugins_pluginauditlog" in query["sql"]]
        # By the primary key only the row of the cursor is looked up.
        allowed = {"audit_by_customer", "audit_by_time"} | ({"primary key"} if paging else set())
        wrong += [(wanted, paging, plan) for plan in plans if not indexes_of(plan) <= allowed]

    assert plans and wrong == []


def test_a_search_beside_an_empty_list_finds_nothing(ann, acme):
    write_rows(ROWS, customers=[acme])

    assert pages_of(ann, search="ticket", plugin=[]) == [[]]
    assert len(pages_of(ann, search="ticket", plugin=["inventory"])[0]) == ROWS


def test_a_search_that_reads_rows_of_others_would_be_seen(acme):
    with CaptureQueriesContext(connection) as asked:
        list(PluginAuditLog.objects.filter(position__gt=3, position__lt=9))
        list(PluginAuditLog.objects.filter(plugin_name="inventory"))

    assert [indexes_of(explain(query["sql"])) for query in asked] == [{"primary key"}, {"audit_by_plugin"}]


def indexes_of(plan):
    """The indexes of the log that a plan uses."""
    found = re.findall(r"audit_by_\w+|plugins_pluginauditlog_pkey|autoindex_plugins_pluginauditlog_1", plan)
    whole = re.findall(r"SCAN plugins_pluginauditlog|Seq Scan on plugins_pluginauditlog", plan)
    return {each if each.startswith("audit_by_") else "primary key" for each in found} | set(whole)


@pytest.mark.parametrize("who", ["ann", "bea"])
def test_a_search_takes_as_many_statements_whatever_others_do(request, acme, globex, who, reach_of_5):
    client, numbers = request.getfixturevalue(who), []
    client.data(SEARCH, filter={"search": "nowhere"})
    for others in ([], [None] * 9):
        write_rows(20, customers=[acme, globex, *others])
        with CaptureQueriesContext(connection) as asked:
            client.data(SEARCH, filter={"search": "nowhere"})
        numbers.append(len(asked))

    assert numbers[0] == numbers[1]
