"""A plugin whose fields fail too often is taken out of the schema of those for whom they fail, and put back later."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from webnet.audit import log as audit_log
from webnet.errors import RequestError
from webnet.plugins.changes import pauses
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.runtime import failures

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "{ firstBook { title } }"


def fail(world, view, *users, times=3):
    for who in users:
        client = world.client(who, view)
        for _ in range(times):
            assert client.code(QUERY) == "PLUGIN_FAILED"


def paused():
    rows = CustomerPluginConfig.objects.exclude(paused_until=None)
    return sorted(rows.values_list("customer__slug", "plugin__name"))


def test_the_next_request_has_a_schema_without_it_until_the_pause_is_over(world, monkeypatch):
    client = world.client("acme-viewer", "acme")
    before = client.send({"query": QUERY})["Webnet-Schema"]
    with monkeypatch.context() as patch:
        from tests.sdk.raising import Raising

        patch.setattr("shelf.schema.models", Raising(ValueError("a secret")))
        fail(world, "acme", "acme-viewer", "acme-operator")
    woken = []
    audit_log.listen(lambda: woken.append(1))

    pauses.pause_and_retry()

    without = client.send({"query": QUERY})
    assert client.code(QUERY) == "GRAPHQL_VALIDATION_FAILED" and "Cannot query field" in without.content.decode()
    assert without["Webnet-Schema"] != before and woken
    assert client.code("{ labelCount }") == "GRAPHQL_VALIDATION_FAILED"  # 'labels' needs it
    assert world.client("globex-viewer", "globex").data(QUERY)["firstBook"]
    (row,) = CustomerPluginConfig.objects.exclude(paused_until=None)
    assert "The last error: ValueError at Query.firstBook." in row.pause_reason and "secret" not in row.pause_reason

    pauses.pause_and_retry(row.paused_until)

    assert client.send({"query": QUERY})["Webnet-Schema"] == before and client.data(QUERY)["firstBook"]


def test_who_looks_from_the_platforms_view_counts_for_their_own_customers(world, broken):
    broken(ValueError())
    fail(world, None, "acme-viewer", "both")

    pauses.pause_and_retry()

    assert paused() == [("acme", "shelf")]  # of globex it is one user alone


def test_a_view_of_very_many_customers_blames_none_of_them(world, broken, monkeypatch):
    monkeypatch.setattr("webnet.api.error_reporting.MAXIMUM_AFFECTED", 1)
    broken(ValueError())

    assert world.client("both").code(QUERY) == "PLUGIN_FAILED"

    assert failures.counter.take() == {}


def test_what_fails_for_platform_operators_fails_for_everybody(world, broken):
    from tests.factories import make_operator

    make_operator("second")
    broken(ValueError())
    fail(world, None, "platform", "second")

    pauses.pause_and_retry()

    assert paused() == [] and PluginConfig.objects.get(name="shelf").status == PluginStatus.PAUSED
    assert world.client("globex-viewer", "globex").code(QUERY) == "GRAPHQL_VALIDATION_FAILED"


def test_one_users_bad_luck_harms_nobody_else(world, broken):
    broken(ValueError())
    fail(world, "acme", "acme-viewer", times=10)

    pauses.pause_and_retry()

    assert paused() == []


def test_refusals_are_not_counted(world, broken):
    broken(RequestError("Ask otherwise.", code="BAD_PAGE"))
    for who in ("acme-viewer", "acme-operator"):
        for _ in range(5):
            assert world.client(who, "acme").code(QUERY) == "BAD_PAGE"

    assert failures.counter.take() == {}


def test_a_failure_takes_no_statement_of_its_own(world, broken):
    client = world.client("acme-viewer", "acme")
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            client.run("{ currentCustomer { slug } }")
        counted.append(len(statements))
    broken(ValueError())

    with CaptureQueriesContext(connection) as statements:
        client.run(QUERY)

    assert len(statements) == counted[-1]
