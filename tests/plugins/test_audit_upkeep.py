"""The audit log is verified, signed and pruned without being asked, and a fault is seen."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from tests.factories import make_customer
from tests.plugins.audit_logs import find_faults, write_rows
from webnet.audit import retention, signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.models import AuditCheckpoint, PluginAuditLog
from webnet.audit.upkeep import look_after_log

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_KEY = "A" * 43 + "="


@pytest.fixture(autouse=True)
def log(settings, tmp_path, caplog):
    """Four rows in two chains, which nobody has signed."""
    settings.WEBNET_DATA_DIR = tmp_path
    settings.WEBNET_AUDIT_CHECKPOINTS, settings.WEBNET_AUDIT_RETENTION_DAYS = True, 0
    caplog.set_level(logging.INFO, logger="webnet.audit")
    write_rows(4, customers=[None, make_customer("acme")])


@pytest.fixture
def clock(monkeypatch):
    """`clock(days=1)` moves it on."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def advance(**units):
        now[0] += timedelta(**units)

    return advance


def tamper(position):
    with transaction.atomic():
        audit_triggers.remove(connection)
        PluginAuditLog.objects.filter(position=position).update(reason="edited")
        audit_triggers.install(connection)


def signed():
    return list(AuditCheckpoint.objects.values_list("position", flat=True))


def test_what_is_new_is_signed_once_a_day(clock):
    look_after_log()
    assert signed() == [4]
    write_rows(2)
    clock(hours=23)
    look_after_log()
    assert signed() == [4]

    clock(hours=1)
    look_after_log()

    assert signed() == [4, 6] and find_faults() == []


def test_a_checkpoint_from_a_clock_that_was_ahead_is_not_waited_for(clock):
    clock(days=30)
    look_after_log()
    write_rows(1)
    clock(days=-30)

    look_after_log()

    assert signed() == [4, 5]


def test_nothing_is_signed_where_another_process_does_it(settings):
    settings.WEBNET_AUDIT_CHECKPOINTS = False

    look_after_log()

    assert signed() == []


def test_a_fault_is_an_error_each_time_and_a_row_of_the_log_once(caplog):
    tamper(2)

    for _ in range(3):
        look_after_log()

    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 3 and all("Position 2: edited" in error for error in errors)
    assert signed() == []
    row = PluginAuditLog.objects.get(action="verify_audit_log")
    assert (row.outcome, row.error_code, row.customer_id) == ("failed", "LOG_DISAGREES", None)
    assert row.after["fault"].startswith("Position 2: edited")


def test_another_fault_is_another_row(caplog):
    tamper(3)
    look_after_log()
    tamper(2)

    look_after_log()

    faults = [row.after["fault"][:10] for row in PluginAuditLog.objects.filter(action="verify_audit_log")]
    assert faults == ["Position 2", "Position 3"]


def test_without_the_keys_of_former_checkpoints_nothing_is_taken_for_forged(settings, caplog, clock):
    look_after_log()
    write_rows(1)
    clock(days=1)
    settings.WEBNET_AUDIT_KEYS = [OTHER_KEY]

    look_after_log()

    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "WEBNET_AUDIT_KEYS" in warning
    assert signed() == [4] and not PluginAuditLog.objects.filter(action="verify_audit_log").exists()
    settings.WEBNET_AUDIT_KEYS = [OTHER_KEY, (settings.WEBNET_DATA_DIR / signing_keys.KEY_FILE).read_text()]
    look_after_log()
    assert signed() == [4, 5]


def test_what_is_old_enough_is_pruned(settings, clock):
    settings.WEBNET_AUDIT_RETENTION_DAYS = 30
    look_after_log()
    clock(days=29)
    write_rows(2)
    look_after_log()
    assert PluginAuditLog.objects.filter(position=1).exists()

    clock(days=2)
    write_rows(1)
    look_after_log()

    assert not PluginAuditLog.objects.filter(position__lte=4).exists()
    row = PluginAuditLog.objects.get(action="prune_audit_log")
    assert (row.actor_name, row.reason) == ("upkeep", "WEBNET_AUDIT_RETENTION_DAYS is 30.")
    assert find_faults() == []


def test_without_a_retention_nothing_is_pruned(clock):
    look_after_log()
    clock(days=3650)
    write_rows(1)

    look_after_log()

    assert PluginAuditLog.objects.filter(position=1).exists()


def test_a_clock_that_is_ahead_prunes_nothing_that_is_young(settings, clock):
    settings.WEBNET_AUDIT_RETENTION_DAYS = 30
    look_after_log()
    write_rows(1)

    clock(days=60)
    look_after_log()

    assert PluginAuditLog.objects.filter(position=1).exists()


def test_a_role_that_may_not_prune_is_told_what_to_do(settings, clock, caplog, monkeypatch):
    settings.WEBNET_AUDIT_RETENTION_DAYS = 30
    look_after_log()
    clock(days=31)
    write_rows(1)

    def refuse(**_):
        raise ProgrammingError("must be owner of table plugins_pluginauditlog\n")

    monkeypatch.setattr(retention, "prune", refuse)
    look_after_log()

    (error,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "must be owner of table plugins_pluginauditlog. Only the role" in error and "prune_audit_log" in error
