"""The audit log: positions, sequences, the hash chain, and that nobody changes it afterwards."""

import hashlib
import json
import os
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_operator
from tests.plugins.audit_logs import find_faults
from webnet.audit import clock
from webnet.audit import log as audit_log
from webnet.audit import triggers as audit_triggers
from webnet.audit.log import hashed_text
from webnet.audit.models import AuditCheckpoint, PluginAuditLog
from webnet.audit.operation import Operation, audited
from webnet.errors import PermissionDenied

# Roles belong to the whole server, where other processes may be running the same test.
ROLE = f"webnet_application_{os.getpid()}"
pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return actor_for(make_operator())


def write(operator, customer=None, action="try"):
    @audited
    def change(operation):
        operation.record(after={"é": [1, None]})

    change(Operation(actor=operator, action=action, customer=customer))


def test_positions_count_over_all_and_sequences_without_gaps_per_chain(operator):
    acme = make_customer("acme")
    for customer in (None, acme, acme, None):
        write(operator, customer)

    rows = PluginAuditLog.objects.order_by("position")

    assert [row.position for row in rows] == [1, 2, 3, 4]
    assert [(row.chain, row.sequence) for row in rows] == [
        ("platform", 1),
        (str(acme.pk), 1),
        (str(acme.pk), 2),
        ("platform", 2),
    ]


def test_each_rows_hash_covers_its_text_and_the_row_before(operator):
    for _ in range(3):
        write(operator)
    previous = ""

    for row in PluginAuditLog.objects.order_by("position"):
        assert row.hash == hashlib.sha256((previous + row.text).encode()).hexdigest()
        assert json.loads(row.text) == json.loads(audit_log.hashed_text(row))
        previous = row.hash


def test_a_reason_takes_a_bounded_part_of_the_log(operator):
    @audited
    def refuse(operation):
        raise PermissionDenied("No.")

    with pytest.raises(PermissionDenied):
        refuse(Operation(actor=operator, action="try", reason="x" * 900_000))

    row = PluginAuditLog.objects.get()
    assert row.reason == "x" * 1_000 + "…"
    assert len(row.text) < 3_000


EVERYWHERE = (
    "UPDATE plugins_pluginauditlog SET action = 'other'",
    "UPDATE plugins_pluginauditlog SET position = position + 1",
    "DELETE FROM plugins_pluginauditlog",
    "UPDATE plugins_auditcheckpoint SET text = 'other'",
    "DELETE FROM plugins_auditcheckpoint",
)
SQLITE = (
    "INSERT OR REPLACE INTO plugins_pluginauditlog SELECT * FROM plugins_pluginauditlog",
    "REPLACE INTO plugins_auditcheckpoint SELECT * FROM plugins_auditcheckpoint",
)
POSTGRESQL = (
    "TRUNCATE plugins_pluginauditlog",
    "TRUNCATE plugins_auditcheckpoint",
    "INSERT INTO plugins_pluginauditlog SELECT * FROM plugins_pluginauditlog "
    "ON CONFLICT (position) DO UPDATE SET action = 'other'",
)
# What lifts some triggers in some databases; each must leave these alone.
LIFTING = {"sqlite": "PRAGMA recursive_triggers = OFF", "postgresql": "SET session_replication_role = replica"}
LOWERING = {"sqlite": "PRAGMA recursive_triggers = ON", "postgresql": "RESET session_replication_role"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_lifted", [False, True])
def test_the_database_itself_refuses_to_change_the_log_whatever_is_set(operator, is_lifted):
    write(operator)
    AuditCheckpoint.objects.create(number=1, position=1, text="kept", signature="")

    with connection.cursor() as cursor:
        cursor.execute(LIFTING[connection.vendor] if is_lifted else "SELECT 1")
        for statement in (*EVERYWHERE, *{"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor]):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute(LOWERING[connection.vendor])

    assert PluginAuditLog.objects.get().action == "try"
    assert AuditCheckpoint.objects.get().text == "kept"


def test_without_the_triggers_the_log_can_be_changed(operator):
    """The negative control of the test above."""
    write(operator)
    audit_triggers.remove(connection)

    assert not audit_triggers.are_installed(connection)
    assert PluginAuditLog.objects.update(action="other") == PluginAuditLog.objects.all().delete()[0] == 1


@pytest.mark.parametrize(
    "restore",
    [
        partial(emit_post_migrate_signal, verbosity=0, interactive=False, db="default"),
        partial(call_command, "migrate", verbosity=0),
    ],
)
def test_the_triggers_are_back_after_a_migration_that_lost_them_and_at_the_next_start(operator, restore):
    write(operator)
    audit_triggers.remove(connection)

    restore()

    assert audit_triggers.are_installed(connection)
    with pytest.raises(DatabaseError, match="append-only"):
        PluginAuditLog.objects.update(action="other")


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles.")
def test_the_application_works_as_a_role_that_does_not_own_the_log_and_can_not_lift_the_triggers(operator):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {ROLE}")
        write(operator)
        audit_triggers.install(connection)  # as every start does: nothing to do, so no owner is needed
        with pytest.raises(DatabaseError, match="append-only"):
            PluginAuditLog.objects.update(action="other")
        for statement in (
            "ALTER TABLE plugins_pluginauditlog DISABLE TRIGGER plugins_pluginauditlog_no_change",
            "DROP TRIGGER plugins_pluginauditlog_no_change ON plugins_pluginauditlog",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(DatabaseError, match=r"must be owner|permission denied"), connection.cursor() as cursor:
                cursor.execute(statement)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"RESET ROLE; DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")

    assert PluginAuditLog.objects.get().action == "try"


def test_times_never_run_backwards(operator, monkeypatch):
    write(operator)
    first = PluginAuditLog.objects.get().created_at
    monkeypatch.setattr(timezone, "now", lambda: first - timedelta(hours=1))

    write(operator)

    second, _ = PluginAuditLog.objects.all()
    assert (second.created_at, second.machine_time) == (first, first - timedelta(hours=1))


def test_a_clock_that_was_ahead_once_is_in_the_log_and_in_a_warning(operator, monkeypatch, caplog):
    monkeypatch.setattr(clock, "_warned_at", None)
    right = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: right + timedelta(days=30))
    write(operator)
    assert not caplog.records
    monkeypatch.setattr(timezone, "now", lambda: right)

    for _ in range(3):
        write(operator)

    assert [row.machine_time for row in PluginAuditLog.objects.all()[:3]] == [right] * 3
    assert all(json.loads(row.text)["machine_time"] for row in PluginAuditLog.objects.all())
    (warning,) = caplog.messages
    assert "30 days, 0:00:00 ahead of this machine's clock" in warning
    assert find_faults() == []


def test_clocks_that_hardly_differ_are_no_warning(operator, monkeypatch, caplog):
    monkeypatch.setattr(clock, "_warned_at", None)
    write(operator)
    right = PluginAuditLog.objects.get().created_at
    monkeypatch.setattr(timezone, "now", lambda: right - timedelta(seconds=30))

    write(operator)

    assert not caplog.records and clock.describe_difference() == ""


def test_rows_from_before_the_machines_time_verify_unchanged(operator, monkeypatch):
    def hash_as_before(row):
        row.machine_time = None
        return hashed_text(row)

    with monkeypatch.context() as patched:
        patched.setattr(audit_log, "hashed_text", hash_as_before)
        write(operator)
    write(operator)

    new, old = PluginAuditLog.objects.all()

    assert old.machine_time is None and "machine_time" not in old.text
    assert new.machine_time is not None and "machine_time" in new.text
    assert find_faults() == []


@pytest.mark.parametrize("edited", [None, timezone.now()])
def test_an_edited_machine_time_is_found(operator, edited):
    write(operator)
    with transaction.atomic():
        audit_triggers.remove(connection)
        PluginAuditLog.objects.update(machine_time=edited)
        audit_triggers.install(connection)

    assert find_faults() == ["Position 1: edited; its columns differ from the text that was hashed."]


def test_numbers_of_any_size_are_recorded(operator):
    @audited
    def change(operation):
        operation.record(after={"large": 2**70})

    change(Operation(actor=operator, action="try"))

    assert json.loads(PluginAuditLog.objects.get().text)["after"] == {"large": 2**70}


def test_without_its_audit_row_the_change_does_not_happen(operator, monkeypatch):
    customer = make_customer("acme")

    @audited
    def change(operation):
        customer.name = "Other"
        customer.save()
        operation.record()

    def fail(entry):
        raise DatabaseError("disk full")

    monkeypatch.setattr(audit_log, "record_all", fail)
    with pytest.raises(DatabaseError):
        change(Operation(actor=operator, action="rename"))

    customer.refresh_from_db()
    assert customer.name == "Acme" and not PluginAuditLog.objects.exists()


def test_a_refusal_rolls_the_change_back_and_keeps_its_row(operator):
    customer = make_customer("acme")

    @audited
    def change(operation):
        customer.name = "Other"
        customer.save()
        raise PermissionDenied("No.", code="ROLE_TOO_LOW")

    with pytest.raises(PermissionDenied):
        change(Operation(actor=operator, action="rename", customer=customer, reason="because"))

    customer.refresh_from_db()
    row = PluginAuditLog.objects.get()
    assert customer.name == "Acme"
    assert (row.outcome, row.error_code, row.reason, row.after) == ("refused", "ROLE_TOO_LOW", "because", None)


def test_an_operation_inside_another_is_refused(operator):
    with pytest.raises(RuntimeError), transaction.atomic():
        write(operator)
