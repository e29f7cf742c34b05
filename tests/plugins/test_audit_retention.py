"""Checkpoints are made of what verifies, and pruning removes whole verified segments and says so."""

import os
import stat
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_operator, make_user
from tests.plugins.audit_logs import OPERATOR, find_faults, write_rows
from webnet.audit import checkpoints, retention, signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.checkpoints import Statement
from webnet.audit.models import AuditCheckpoint, AuditHead, PluginAuditLog, RefusalCount
from webnet.audit.retention import LogDisagrees, make_checkpoint
from webnet.errors import PermissionDenied

# Roles belong to the whole server, where other processes may be running the same test.
ROLE = f"webnet_application_{os.getpid()}"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.WEBNET_DATA_DIR = tmp_path


@pytest.fixture
def chains():
    return [None, make_customer("acme")]


@pytest.fixture
def clock(monkeypatch):
    """Stands still; `clock(days=1)` moves it on and returns the time."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def advance(**units):
        now[0] += timedelta(**units)
        return now[0]

    return advance


def prune(before, actor=OPERATOR):
    return retention.prune(before=before, actor=actor, reason="five years are over")


def tamper(**changes):
    with transaction.atomic():
        audit_triggers.remove(connection)
        PluginAuditLog.objects.filter(position=2).update(**changes)
        audit_triggers.install(connection)


def test_a_checkpoint_signs_the_ends_of_the_chains_that_grew(chains):
    write_rows(5, customers=chains)
    first = make_checkpoint()
    write_rows(1, customers=chains[:1])
    second = make_checkpoint()

    acme = str(chains[1].pk)
    heads = {head.chain: (head.sequence, head.hash) for head in AuditHead.objects.exclude(chain="*")}
    one, two = Statement.read(first.text), Statement.read(second.text)
    assert (one.number, one.position, one.previous, one.heads[acme]) == (1, 5, "", heads[acme])
    assert (two.number, two.position, two.heads) == (2, 6, {"platform": heads["platform"]})
    assert signing_keys.is_signed(two.text(), signature=second.signature, key=two.key)
    assert two.key in signing_keys.trusted_keys()


def test_nothing_new_makes_no_checkpoint(chains):
    assert make_checkpoint() is None
    write_rows(1)

    assert make_checkpoint().number == 1
    assert make_checkpoint() is None


def test_the_key_is_made_once_for_its_owner_only(tmp_path):
    write_rows(1)
    assert signing_keys.trusted_keys() == frozenset()
    make_checkpoint()
    file = tmp_path / signing_keys.KEY_FILE
    key = file.read_text()

    write_rows(1)
    make_checkpoint()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == key
    assert [path.name for path in tmp_path.iterdir()] == [signing_keys.KEY_FILE]
    everything = "".join(f"{row.text}{row.signature}" for row in AuditCheckpoint.objects.all())
    assert key not in everything


def test_what_does_not_verify_is_not_signed(chains):
    write_rows(5, customers=chains)
    tamper(reason="another")

    with pytest.raises(LogDisagrees, match=r"^Position 2: edited"):
        make_checkpoint()

    assert not AuditCheckpoint.objects.exists()


def test_a_checkpoint_brings_the_counts_of_refusals_with_it(clock):
    RefusalCount.objects.create(minute=1, key="k", count=2, columns='{"chain": "platform", "action": "try"}')

    make_checkpoint()

    assert PluginAuditLog.objects.get().after["repeated"] == 2


def test_pruning_removes_whole_segments_that_are_older_and_says_so(chains, clock):
    for _ in range(3):
        write_rows(4, customers=chains)
        make_checkpoint()
        clock(days=1)
    write_rows(1)

    pruned = prune(clock() - timedelta(days=1, hours=1))

    assert (pruned.row_count, pruned.position, pruned.checkpoint) == (8, 8, 2)
    assert list(PluginAuditLog.objects.order_by("position").values_list("position", flat=True)) == [*range(9, 15)]
    told = PluginAuditLog.objects.latest("position")
    assert (told.action, told.chain, told.reason) == ("prune_audit_log", "platform", "five years are over")
    assert told.after["rows"] == told.after["upToPosition"] == 8
    assert Statement.read(AuditCheckpoint.objects.last().text).pruned_to == 8
    assert find_faults() == []


def test_a_segment_with_one_row_that_is_not_older_stays_whole(chains, clock):
    write_rows(4, customers=chains)
    clock(days=1)
    write_rows(1)
    make_checkpoint()

    assert prune(clock() - timedelta(hours=1)) is None
    assert PluginAuditLog.objects.count() == 5


def test_the_log_goes_on_verifies_and_is_pruned_again_after_pruning(chains, clock):
    for _ in range(3):
        write_rows(4, customers=chains)
        make_checkpoint()
        prune(clock(days=1))
        write_rows(3, customers=chains)
        assert find_faults() == []

    assert PluginAuditLog.objects.earliest("position").action == "prune_audit_log"
    assert PluginAuditLog.objects.count() == 4
    assert make_checkpoint() is not None
    assert find_faults() == []


def test_a_whole_log_can_go_but_for_what_says_so(chains, clock):
    write_rows(4, customers=chains)
    make_checkpoint()

    prune(clock(days=1))

    assert PluginAuditLog.objects.get().action == "prune_audit_log"
    assert find_faults() == []
    assert prune(clock(days=1)) is None


def test_a_log_that_does_not_verify_is_not_pruned(chains, clock):
    write_rows(4, customers=chains)
    make_checkpoint()
    tamper(reason="another")

    with pytest.raises(LogDisagrees, match=r"^Position 2: edited"):
        prune(clock(days=1))

    assert PluginAuditLog.objects.count() == 4


def test_what_was_removed_without_a_checkpoint_that_says_so_is_found(chains, clock):
    """The negative control: somebody who removes rows and writes the row about it, without the key."""
    write_rows(4, customers=chains)
    make_checkpoint()
    prune(clock(days=1))
    assert find_faults() == []
    audit_triggers.remove(connection)

    AuditCheckpoint.objects.last().delete()

    assert "Position 1 to 4: removed; the next row is at position 5." in find_faults()


def test_rows_that_were_pruned_and_come_back_are_found(chains, clock):
    write_rows(4, customers=chains)
    make_checkpoint()
    row = PluginAuditLog.objects.get(position=2)
    prune(clock(days=1))

    row.save(force_insert=True)

    assert find_faults() == ["Position 2: inserted; the original was pruned, or never existed."]


def test_the_triggers_are_back_when_pruning_is_done(chains, clock):
    write_rows(4, customers=chains)
    make_checkpoint()

    prune(clock(days=1))

    assert audit_triggers.are_installed(connection)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PluginAuditLog.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_pruning_that_fails_leaves_rows_checkpoints_and_triggers_as_they_were(chains, clock, monkeypatch):
    write_rows(4, customers=chains)
    make_checkpoint()
    checkpoint_count = AuditCheckpoint.objects.count()

    def fail(entry):
        raise DatabaseError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("webnet.audit.log.record_all", fail)
        with pytest.raises(DatabaseError, match="disk full"):
            prune(clock(days=1))

    assert (PluginAuditLog.objects.count(), AuditCheckpoint.objects.count()) == (4, checkpoint_count)
    assert audit_triggers.are_installed(connection)
    assert find_faults() == []


def test_only_a_platform_operator_prunes(chains, clock):
    with pytest.raises(PermissionDenied):
        prune(clock(days=1), actor=actor_for(make_user()))
    assert prune(clock(days=1), actor=actor_for(make_operator())) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles.")
def test_a_role_that_does_not_own_the_log_can_not_prune_it(chains, clock):
    write_rows(4, customers=chains)
    make_checkpoint()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"SET ROLE {ROLE}")
    try:
        with pytest.raises(DatabaseError, match="must be owner"):
            prune(clock(days=1))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"RESET ROLE; DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")

    assert PluginAuditLog.objects.count() == 4
    assert find_faults() == []


@pytest.mark.django_db(transaction=True)
def test_others_write_while_the_log_is_read_and_what_they_write_is_no_fault(chains):
    from tests.plugins.test_concurrency import in_threads
    from webnet.audit.verification import snapshot, verify

    write_rows(10, customers=chains)

    with snapshot():
        PluginAuditLog.objects.count()
        assert in_threads(2, lambda _: write_rows(5)) == [None, None]
        found = list(verify(trusted=()))

    assert found == []
    assert PluginAuditLog.objects.count() == 20


def test_a_printed_checkpoint_is_one_line(chains):
    write_rows(1)

    line = checkpoints.to_line(make_checkpoint())

    assert "\n" not in line
    assert find_faults([line]) == []
