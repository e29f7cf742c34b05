"""The audit log's commands, and the documented script that checks an export without webnet."""

import csv
import io
import json
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests.docs.documents import ROOT, Document
from tests.factories import make_customer
from tests.plugins.audit_logs import write_rows
from webnet.audit import signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.log import AuditEntry, record
from webnet.audit.models import AuditCheckpoint, PluginAuditLog
from webnet.customers.access import Actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.WEBNET_DATA_DIR = tmp_path / "data"
    (tmp_path / "data").mkdir()


@pytest.fixture
def log():
    """Twelve rows in two chains; signed up to 5, and up to 9."""
    chains = [None, make_customer("acme")]
    for count in (5, 4, 3):
        if PluginAuditLog.objects.exists():
            run("checkpoint_audit_log")
        write_rows(count, customers=chains)
    return PluginAuditLog.objects.order_by("position")


def run(*arguments, **options):
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=io.StringIO(), no_color=True, **options)
    return out.getvalue()


def run_to_fail(*arguments):
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(*arguments, stdout=out, no_color=True)
    assert stopped.value.code == 1
    return out.getvalue()


def tamper(position, **changes):
    audit_triggers.remove(connection)
    PluginAuditLog.objects.filter(position=position).update(**changes)
    audit_triggers.install(connection)


def test_a_log_as_it_was_written_verifies(log):
    words = "All 12 rows are unchanged; they are signed up to position 9.\n"

    assert run("verify_audit_log") == words


def test_a_changed_row_is_named_and_the_command_fails(log):
    tamper(3, reason="another")

    printed = run_to_fail("verify_audit_log")

    assert printed == "Position 3: edited; its columns differ from the text that was hashed.\n1 faults.\n"


def test_missing_triggers_are_a_fault(log):
    audit_triggers.remove(connection)

    assert "The triggers that keep the log append-only are missing" in run_to_fail("verify_audit_log")


def test_a_printed_checkpoint_is_compared(log, tmp_path):
    file = tmp_path / "kept.ndjson"
    file.write_text(run("checkpoint_audit_log"))
    assert "12 rows" in run("verify_audit_log", "--checkpoints", str(file))
    audit_triggers.remove(connection)
    AuditCheckpoint.objects.last().delete()
    audit_triggers.install(connection)

    printed = run_to_fail("verify_audit_log", "--checkpoints", str(file))

    assert "Checkpoint 3, kept elsewhere, is not in the database" in printed


def test_the_public_key_is_enough_to_verify(log, settings, tmp_path):
    (key,) = signing_keys.trusted_keys()
    settings.WEBNET_DATA_DIR = tmp_path / "elsewhere"

    assert f"Missing key: {key[:16]}… has signed 2 checkpoints" in run_to_fail("verify_audit_log")
    assert "12 rows" in run("verify_audit_log", "--key", key)


def test_a_malformed_key_is_told_in_a_sentence(log, settings):
    settings.WEBNET_AUDIT_KEYS = ["short"]

    with pytest.raises(Exception, match="contains something that is not a key"):
        run("checkpoint_audit_log")


def test_nothing_is_signed_or_pruned_that_does_not_verify(log):
    tamper(11, reason="another")
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

    for command in (("checkpoint_audit_log",), ("prune_audit_log", "--before", tomorrow)):
        with pytest.raises(CommandError, match=r"^Nothing was (signed|deleted)\. Position 11: edited"):
            run(*command)

    assert PluginAuditLog.objects.count() == 12


def test_pruning_says_what_it_removed(log):
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

    assert run("prune_audit_log", "--before", "2020-01-01").startswith("Nothing was deleted")
    assert run("prune_audit_log", "--before", tomorrow) == "Deleted 9 rows, up to position 9 (checkpoint 2).\n"
    assert run("verify_audit_log").startswith("All 4 rows")


def exported(*arguments):
    return run("export_audit_log", *arguments)


def texts(*arguments):
    lines = map(json.loads, exported(*arguments).splitlines())
    return [json.loads(line["text"]) for line in lines if "text" in line]


def test_ndjson_has_every_row_as_it_was_hashed_and_the_checkpoints_in_between(log):
    lines = [json.loads(line) for line in exported().splitlines()]

    assert ["checkpoint" in line for line in lines] == [*[False] * 5, True, *[False] * 4, True, *[False] * 3]
    assert [(line["text"], line["hash"]) for line in lines if "text" in line] == list(log.values_list("text", "hash"))


def test_csv_has_every_column_and_no_formula(log):
    record(AuditEntry(actor=Actor(name="=HYPERLINK(1)"), action="try", reason='a "quote",\nand a line'))

    rows = list(csv.DictReader(io.StringIO(exported("--format", "csv"))))

    assert len(rows) == 13
    assert rows[-1]["actor_name"] == "'=HYPERLINK(1)"
    assert rows[-1]["reason"] == 'a "quote",\nand a line'
    assert json.loads(rows[0]["after"])["settings"]["limit"] == 1
    assert set(rows[0]) == {field.attname for field in PluginAuditLog._meta.concrete_fields}


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--customer", "acme"], 5),
        (["--plugin", "inventory"], 12),
        (["--plugin", "other"], 0),
        (["--outcome", "refused", "--outcome", "failed"], 1),
        (["--actor", "ada", "--action", "update_plugin_settings"], 12),
        (["--text", "TICKET 2"], 3),
        (["--text", "R-1"], 12),
        (["--text", '"limit": 4'], 3),
        (["--text", "192.0.2.1"], 0),
        (["--from", "2000-01-01", "--until", "2000-01-02T00:00+01:00"], 0),
        (["--from", "2000-01-01", "--until", "2999-01-01"], 12),
        (["--from", "2999-01-01"], 0),
    ],
)
def test_an_export_can_be_narrowed_down(log, arguments, count):
    assert len(texts(*arguments)) == count


def test_a_span_of_time_has_its_beginning_and_not_its_end(monkeypatch):
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 2, 3)]
    for moment in times:
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        write_rows(1)

    found = [row["created_at"][:10] for row in texts("--from", "2026-01-02", "--until", "2026-01-03")]

    assert found == ["2026-01-02", "2026-01-02"]


def test_a_file_is_made_for_its_owner_only_and_never_overwritten(log, tmp_path):
    file = tmp_path / "log.ndjson"

    exported("--output", str(file))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == exported()
    with pytest.raises(CommandError, match="Can't create"):
        exported("--output", str(file))


def test_an_unknown_customer_is_told(log):
    with pytest.raises(CommandError, match="There is no customer 'nobody'"):
        exported("--customer", "nobody")


def check_offline(tmp_path, lines, key=None):
    """What the script of the documentation prints about an export, in an interpreter without webnet."""
    blocks = Document.read(ROOT / "docs" / "audit-and-settings.md").blocks()
    (script,) = [block.text for block in blocks if "def check(" in block.text]
    assert len(script.splitlines()) <= 30
    (tmp_path / "check.py").write_text(script)
    key = key or next(iter(signing_keys.trusted_keys()))
    ran = subprocess.run(
        [sys.executable, "-I", "check.py", key], cwd=tmp_path, input=lines, capture_output=True, text=True, check=False
    )
    return ran.stdout.splitlines() or ran.stderr


@pytest.mark.acceptance
def test_the_documented_script_finds_an_export_sound(log, tmp_path):
    acme = log[1].chain

    assert check_offline(tmp_path, exported()) == ["Chain platform has rows 1 to 7.", f"Chain {acme} has rows 1 to 5."]
    assert check_offline(tmp_path, exported("--customer", "acme")) == [f"Chain {acme} has rows 1 to 5."]


@pytest.mark.acceptance
def test_the_documented_script_finds_an_export_of_a_pruned_log_sound(log, tmp_path):
    run("prune_audit_log", "--before", (timezone.now() + timedelta(days=1)).isoformat())
    write_rows(2)

    assert [line.split(" has ")[0][:5] for line in check_offline(tmp_path, exported())] == ["Chain", "Chain"]


@pytest.mark.parametrize("line", [0, 3, 7, 11])
@pytest.mark.acceptance
def test_the_documented_script_finds_what_was_changed_removed_or_swapped(log, tmp_path, line):
    lines = exported().splitlines(keepends=True)
    edited = [*lines[:line], lines[line].replace("ticket", "Ticket"), *lines[line + 1 :]]
    removed = [*lines[:line], *lines[line + 1 :]]
    swapped = [*lines[:line], *reversed(lines[line : line + 2]), *lines[line + 2 :]]

    for changed in (edited, removed if line else edited, swapped):
        assert re.match(r"Line \d+: ", check_offline(tmp_path, "".join(changed))[0])


@pytest.mark.acceptance
def test_the_documented_script_refuses_a_checkpoint_of_another_key(log, tmp_path):
    assert "InvalidSignature" in check_offline(tmp_path, exported(), key="00" * 31 + "01")


def test_verifying_says_that_a_clock_was_ahead(log, monkeypatch):
    right = timezone.now()
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: right + timedelta(days=30))
        write_rows(1)
    write_rows(3)

    printed = run("verify_audit_log")

    assert "The times of 3 rows, from position 14 to 16, are up to 30 days, 0:00:00 later than" in printed
    assert "ahead when position 13 was written" in printed and "All 16 rows are unchanged" in printed
