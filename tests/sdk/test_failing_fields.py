"""A plugin whose fields fail too often is taken out of the schema of those for whom they fail, and put back later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import InterfaceError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from webnet.audit import log as audit_log
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.errors import RequestError
from webnet.plugins.changes import pauses
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.failures import FailureCounter

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "{ firstBook { title } }"


def fail(world, view, **times):
    """Let the field fail as often for each of the users; together five times, it is paused."""
    for who, count in times.items():
        client = world.client(who.replace("_", "-"), view)
        for _ in range(count):
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
        fail(world, "acme", acme_viewer=4)
        woken = []
        audit_log.listen(lambda: woken.append(1))

        fail(world, "acme", acme_operator=1)

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
    fail(world, None, acme_viewer=3, both=2)

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
    fail(world, None, platform=3, second=2)

    assert paused() == [] and PluginConfig.objects.get(name="shelf").status == PluginStatus.PAUSED
    assert world.client("globex-viewer", "globex").code(QUERY) == "GRAPHQL_VALIDATION_FAILED"


def test_one_users_bad_luck_harms_nobody_else(world, broken):
    broken(ValueError())
    fail(world, "acme", acme_viewer=10)

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


def test_however_often_it_fails_in_one_request_takes_no_more_statements(world):
    """Neither where that pauses it: the request of the second user."""
    taken = []
    for customer, failures_of_each in ((world.acme, 3), (world.globex, 5_000)):
        viewer, operator = (f"{customer.slug}-{role}" for role in ("viewer", "operator"))
        count(customer, viewer, failures_of_each)
        with CaptureQueriesContext(connection) as statements:
            pauses.pause_at_once()
        assert len(statements) == 0
        count(customer, operator, failures_of_each)
        with CaptureQueriesContext(connection) as statements:
            pauses.pause_at_once()
        taken.append(len(statements))

    assert taken[0] == taken[1] > 0 and paused() == [("acme", "shelf"), ("globex", "shelf")]


def count(customer, username, times):
    user_id = User.objects.get(username=username).pk
    for _ in range(times):
        failures.count_for_user(
            "shelf", user_id=user_id, customer_id=customer.pk, raised=ValueError(), place="at Query.firstBook"
        )


def test_one_user_who_goes_on_failing_is_stored_by_nobody_at_once(world, broken):
    """Only with a second user might it be enough, so that each request of one costs nothing more."""
    broken(ValueError())
    fail(world, "acme", acme_viewer=6)
    pauses.store_and_pause(timezone.now())
    client = world.client("acme-viewer", "acme")
    client.run(QUERY)

    with CaptureQueriesContext(connection) as statements:
        client.run(QUERY)

    assert not [each for each in statements if "plugins_pluginfailure" in each["sql"]]
    assert paused() == []


def test_a_process_that_knows_of_others_failures_pauses_it_with_the_last_one(world, broken, monkeypatch):
    """What another process counts is known a second later."""
    broken(ValueError())
    here = failures.counter
    fail(world, "acme", acme_viewer=1)
    pauses.store_and_pause(timezone.now())
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(failures, "counter", FailureCounter())
        fail(world, "acme", acme_operator=2)
        pauses.store_and_pause(timezone.now())
    fail(world, "acme", acme_viewer=1)
    pauses.store_and_pause(timezone.now())
    assert failures.counter is here and paused() == []

    fail(world, "acme", acme_viewer=1)

    assert paused() == [("acme", "shelf")]


def test_an_outage_in_the_last_needed_request_pauses_it_a_moment_later(world, broken, monkeypatch):
    broken(ValueError())
    fail(world, "acme", acme_viewer=4)

    with monkeypatch.context() as patch:
        patch.setattr(failures, "store", raise_outage)
        fail(world, "acme", acme_operator=1)
    assert paused() == []
    pauses.store_and_pause(timezone.now())

    assert paused() == [("acme", "shelf")]


def raise_outage(*_arguments, **_options):
    raise InterfaceError("connection already closed")


def test_threads_and_processes_that_count_the_last_needed_failures_at_once_pause_it_once(world):
    start = Barrier(4, timeout=30)
    users = [f"acme-{role}" for role in ("viewer", "operator")] * 2

    def fail_twice(user):
        try:
            start.wait()
            count(world.acme, user, 2)
            pauses.pause_at_once()
            # As another process does, which has counted nothing of its own since.
            pauses.store_and_pause(timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(fail_twice, user) for user in users]:
            each.result(timeout=60)

    assert paused() == [("acme", "shelf")]
    assert PluginAuditLog.objects.filter(action="pause_plugin").count() == 1
