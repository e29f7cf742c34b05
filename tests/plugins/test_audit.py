"""The audit log: positions, sequences, the hash chain, and that nobody changes it afterwards."""

import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction

from tests.factories import actor_for, make_customer, make_operator
from webnet.errors import PermissionDenied
from webnet.plugins import audit
from webnet.plugins.models import PluginAuditLog
from webnet.plugins.operation import Operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return actor_for(make_operator())


def write(operator, customer=None, action="try"):
    work = Operation(actor=operator, action=action, customer=customer)

    def change():
        work.changed, work.after = True, {"é": [1, None]}

    work.run(change)


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
        assert json.loads(row.text) == json.loads(audit.hashed_text(row))
        previous = row.hash


STATEMENTS = (
    "UPDATE plugins_pluginauditlog SET action = 'other'",
    "DELETE FROM plugins_pluginauditlog",
    "INSERT OR REPLACE INTO plugins_pluginauditlog SELECT * FROM plugins_pluginauditlog",
    "TRUNCATE plugins_pluginauditlog",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_itself_refuses_to_change_the_log(operator, statement):
    write(operator)
    other = {"INSERT OR REPLACE": "sqlite", "TRUNCATE": "postgresql"}
    if any(statement.startswith(start) and connection.vendor != vendor for start, vendor in other.items()):
        return  # not this database's language

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert PluginAuditLog.objects.get().action == "try"


def test_without_its_audit_row_the_change_does_not_happen(operator, monkeypatch):
    customer = make_customer("acme")
    work = Operation(actor=operator, action="rename")

    def change():
        customer.name = "Other"
        customer.save()
        work.changed = True

    def fail(entry):
        raise DatabaseError("disk full")

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(DatabaseError):
        work.run(change)

    customer.refresh_from_db()
    assert customer.name == "Acme" and not PluginAuditLog.objects.exists()


def test_a_refusal_rolls_the_change_back_and_keeps_its_row(operator):
    customer = make_customer("acme")
    work = Operation(actor=operator, action="rename", customer=customer, reason="because")

    def change():
        customer.name = "Other"
        customer.save()
        raise PermissionDenied("No.", code="ROLE_TOO_LOW")

    with pytest.raises(PermissionDenied):
        work.run(change)

    customer.refresh_from_db()
    row = PluginAuditLog.objects.get()
    assert customer.name == "Acme"
    assert (row.outcome, row.error_code, row.reason, row.after) == ("refused", "ROLE_TOO_LOW", "because", None)


def test_an_operation_inside_another_is_refused(operator):
    with pytest.raises(RuntimeError), transaction.atomic():
        write(operator)
