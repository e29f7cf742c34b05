"""Repeated refusals: the first is in the log at once, the others of that minute as one row when it is over."""

import json
from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_operator, make_user
from tests.plugins.test_concurrency import in_threads
from webnet.audit import log as audit_log
from webnet.audit.models import PluginAuditLog, RefusalCount
from webnet.audit.operation import Operation, audited
from webnet.customers.access import Actor
from webnet.errors import NotFound, PermissionDenied, Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """Stands at the start of a minute; `clock(seconds)` moves it on."""
    now = [timezone.now().replace(second=0, microsecond=0)]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def advance(seconds):
        now[0] += timedelta(seconds=seconds)

    return advance


def refuse(actor, *, refusal=None, **fields):
    @audited
    def change(operation):
        raise refusal or PermissionDenied("No.")

    with pytest.raises(Refusal):
        change(Operation(actor=actor, **{"action": "try", **fields}))


def succeed(actor):
    audited(Operation.record)(Operation(actor=actor, action="succeed"))


def rows():
    return list(PluginAuditLog.objects.order_by("position"))


def test_of_equal_refusals_the_first_is_written_at_once_and_the_others_when_the_minute_is_over(clock):
    ada, acme = actor_for(make_user()), make_customer()
    for _ in range(5):
        refuse(ada, customer=acme, plugin_name="inventory", reason="let me in")
    assert [(row.reason, row.after) for row in rows()] == [("let me in", None)]

    minute = timezone.now().strftime("%Y-%m-%dT%H:%MZ")
    clock(60)
    succeed(actor_for(make_operator()))

    first, counted, _ = rows()
    assert counted.after == {"repeated": 4, "minute": minute}
    for column in (
        "chain",
        "actor_id",
        "actor_name",
        "customer_slug",
        "plugin_name",
        "action",
        "outcome",
        "error_code",
    ):
        assert getattr(counted, column) == getattr(first, column)
    assert not RefusalCount.objects.exists()


def test_a_refusal_alone_leaves_no_second_row(clock):
    refuse(actor_for(make_user()))
    clock(60)

    audit_log.write_due()

    assert len(rows()) == 1 and not RefusalCount.objects.exists()


def test_every_minute_has_its_first_and_its_count(clock):
    ada = actor_for(make_user())
    for _ in range(3):
        for _ in range(3):
            refuse(ada)
        clock(60)

    audit_log.write_due()

    assert [row.after and row.after["repeated"] for row in rows()] == [None, 2, None, 2, None, 2]


@pytest.mark.parametrize(
    "other",
    [{"action": "other"}, {"refusal": PermissionDenied("No.", code="OPERATORS_ONLY")}, {"plugin_name": "inventory"}],
)
def test_refusals_of_another_kind_are_written_themselves(clock, other):
    ada = actor_for(make_user())

    refuse(ada)
    refuse(ada, **other)

    assert len(rows()) == 2


def test_another_actor_and_another_address_are_written_themselves(clock):
    for name in ("ada", "bob"):
        refuse(actor_for(make_user(name)))
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", None):
        refuse(Actor(name="anonymous", ip_address=address))

    assert len(rows()) == 6


def test_nobody_gets_no_more_rows_by_changing_the_address_within_its_network(clock):
    for number in range(1, 4):
        refuse(Actor(name="anonymous", ip_address=f"2001:db8::{number}"))

    assert len(rows()) == 1


def test_not_found_is_counted_in_the_platforms_chain_whatever_name_was_tried(clock):
    ada, acme = actor_for(make_user()), make_customer()
    for name in ("a", "b", "c"):
        refuse(ada, customer=acme, plugin_name=name, refusal=NotFound.plugin(name))
    clock(60)

    audit_log.write_due()

    first, counted = rows()
    assert (first.chain, first.plugin_name) == ("platform", "a")
    assert (counted.chain, counted.plugin_name, counted.after["repeated"]) == ("platform", "", 2)


@pytest.mark.django_db(transaction=True)
def test_refusals_at_the_same_time_are_one_row_and_one_count(clock):
    ada = actor_for(make_user())

    in_threads(20, lambda _: refuse(ada))

    assert len(rows()) == 1 and RefusalCount.objects.get().count == 19


@pytest.mark.django_db(transaction=True)
def test_many_processes_write_each_count_once(clock):
    for number in range(30):
        for _ in range(2):
            refuse(Actor(name=f"command: {number}"))
    clock(60)

    errors = in_threads(6, lambda _: audit_log.write_due())

    assert errors == [None] * 6
    assert sorted(row.actor_name for row in rows() if row.after) == sorted(f"command: {n}" for n in range(30))


def test_a_count_that_can_not_be_written_is_kept(clock, monkeypatch):
    ada = actor_for(make_user())
    for _ in range(2):
        refuse(ada)
    clock(60)

    def fail(columns):
        raise DatabaseError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(audit_log, "append", fail)
        with pytest.raises(DatabaseError):
            audit_log.write_due()
    assert RefusalCount.objects.get().count == 1
    audit_log.write_due()

    assert [row.after and row.after["repeated"] for row in rows()] == [None, 1]


def test_what_no_database_could_take_is_written_all_the_same(clock):
    refuse(Actor(name="a\0b"), plugin_name="\ud800", reason="\0")

    (row,) = rows()
    assert (row.actor_name, row.plugin_name, row.reason) == ("a\ufffdb", "?", "\ufffd")
    assert json.loads(row.text)["reason"] == "\ufffd"


@pytest.mark.parametrize(
    "describe",
    [
        NotFound.plugin,
        NotFound.customer,
        NotFound.user,
        NotFound.permission,
        NotFound.problem,
        partial(NotFound.member, slug="acme"),
    ],
)
def test_of_a_long_name_that_is_not_found_a_refusal_repeats_the_beginning(describe):
    message = describe("x" * 10_000).message

    assert "x" * 200 + "…" in message and "x" * 201 not in message
