"""A backup has all that is in the database, and restoring it brings back exactly that, or refuses."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest import mock
from uuid import uuid4

import pytest
from django.db import connection, connections

from tests.backup.commands import refuse, restore, run
from tests.backup.conftest import ACTOR
from tests.factories import actor_for, make_customer, make_member
from webnet.audit import triggers as audit_triggers
from webnet.audit.checkpoints import to_line
from webnet.audit.models import AuditCheckpoint, Generation, PluginAuditLog
from webnet.backup import backups, manifest, postgresql
from webnet.backup.errors import BackupError
from webnet.customers.models import Customer, Role
from webnet.database import table_changes
from webnet.database.table_changes import changing_tables
from webnet.errors import PermissionDenied
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers
from webnet.server.environment import _read_file

pytestmark = pytest.mark.django_db(transaction=True)

ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
OTHER_KEY = "A" * 43 + "="


@pytest.fixture
def backup(house: None, tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    run("backup", folder)
    return folder


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / manifest.FILE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def read_settings() -> dict[str | None, dict]:
    configs = CustomerPluginConfig.objects.select_related("customer").order_by("pk")
    stored = [(None, PluginConfig.objects.get(name="ledger")), *((config.customer.slug, config) for config in configs)]
    return {slug: layers.open_layer(layer, plugin="ledger") for slug, layer in stored}


def read_tokens() -> set[str]:
    return set(Generation.objects.values_list("token", flat=True))


@contextmanager
def without_triggers() -> Iterator[None]:
    audit_triggers.remove(connection)
    yield
    audit_triggers.install(connection)


def find_drafts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if ".part-" in path.name or path.name.startswith("restore-")]


def test_everything_comes_back_as_it_was(backup: Path) -> None:
    before, rows = read_settings(), list(PluginAuditLog.objects.values_list("position", "hash"))
    manager.update_settings("ledger", actor=ACTOR, customer="acme", patch={"key": "another", "number": 2})
    make_customer("initech")

    printed = restore(backup, "--reason", "A mistake")

    assert read_settings() == before
    assert set(Customer.objects.values_list("slug", flat=True)) == {"acme", "globex"}
    assert [*PluginAuditLog.objects.exclude(action="restore_backup").values_list("position", "hash")] == rows[1:]
    assert "Restored the backup of" in printed
    assert run("verify_audit_log").startswith(f"All {len(rows)} rows are unchanged")
    assert audit_triggers.are_installed(connection)


def test_no_generation_is_one_of_the_backup_or_of_what_was_replaced(backup: Path) -> None:
    known = {token for _, token in manifest.read(backup).generations.values()}
    manager.update_settings("ledger", actor=ACTOR, patch={"number": 2})
    known |= read_tokens()

    restore(backup)

    assert len(read_tokens()) == 3
    assert not read_tokens() & known


def test_backup_and_restore_are_in_the_log(backup: Path) -> None:
    made = PluginAuditLog.objects.get(action="make_backup")

    restore(backup, "--reason", "A mistake")

    restored = PluginAuditLog.objects.get(action="restore_backup")
    assert (made.outcome, made.actor_name, made.after["folder"]) == ("succeeded", "command: backup", str(backup))
    assert (restored.actor_name, restored.reason, restored.chain) == ("command: restore", "A mistake", "platform")
    assert restored.after["position"] == manifest.read(backup).position
    # It follows on the rows of the backup, which does not have the row that says it was made.
    assert restored.position == made.position == manifest.read(backup).position + 1


def test_the_manifest_names_what_is_in_it(backup: Path) -> None:
    read = manifest.read(backup)

    assert (read.database, dict(read.plugins)) == (connection.vendor, {"ledger": "1.2"})
    assert {"platform", "*"} < read.heads.keys() and len(read.heads) == 4
    assert read.checkpoint is not None and json.loads(read.checkpoint)["signature"]
    assert "plugins.0002_append_only_audit_log" in read.migrations
    assert {path.name for path in backup.iterdir()} == {manifest.FILE_NAME, read.file}
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {0o600}


def test_keys_are_not_in_a_backup_but_in_the_file_that_is_asked_for(
    house: None, data_dir: Path, tmp_path: Path
) -> None:
    run("backup", tmp_path / "backup", "--keys", tmp_path / "keys.env")

    keys = [(data_dir / name).read_text() for name in ("settings.key", "audit.key")]
    for path in (tmp_path / "backup").iterdir():
        assert not any(key.encode() in path.read_bytes() for key in keys)
    found = _read_file(tmp_path / "keys.env")
    assert [found["WEBNET_SETTINGS_KEYS"], found["WEBNET_AUDIT_KEYS"]] == keys
    assert stat.S_IMODE((tmp_path / "keys.env").stat().st_mode) == 0o600
    assert refuse("backup", tmp_path / "b", "--keys", tmp_path / "b" / "k") == (
        "Keys belong apart from the backup: name another place, or use --with-keys."
    )
    assert not (tmp_path / "b").exists()


def test_keys_are_in_a_backup_if_they_shall_be(house: None, tmp_path: Path, settings) -> None:
    settings.SECRET_KEY = "it's \\ a # $ecret"

    run("backup", tmp_path / "backup", "--with-keys")

    assert _read_file(tmp_path / "backup" / "keys.env")["WEBNET_SECRET_KEY"] == "it's \\ a # $ecret"


def test_nothing_is_overwritten(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "keys.env").touch()
    before = (backup / manifest.FILE_NAME).read_text()

    assert refuse("backup", backup).endswith("name another place, since nothing is ever overwritten.")
    assert "exists already" in refuse("backup", tmp_path / "other", "--keys", tmp_path / "keys.env")
    assert "does not exist: create it first" in refuse("backup", tmp_path / "no" / "folder")

    assert (backup / manifest.FILE_NAME).read_text() == before
    assert not (tmp_path / "other").exists()


def test_a_full_disk_leaves_nothing(house: None, tmp_path: Path) -> None:
    with mock.patch.object(manifest, "write", side_effect=OSError(28, "No space left on device")):
        assert refuse("backup", tmp_path / "backup") == "The backup was not made: No space left on device."

    assert not (tmp_path / "backup").exists() and find_drafts(tmp_path) == []
    assert not PluginAuditLog.objects.filter(action="make_backup").exists()


def test_what_is_damaged_is_refused(backup: Path, tmp_path: Path) -> None:
    path = backup / manifest.read(backup).file
    content = path.read_bytes()
    before = read_tokens()

    for damaged in (content[:-1], content[:-1] + b"!", b""):
        path.write_bytes(damaged)
        assert "is damaged: its size or checksum is not that of the manifest" in refuse("restore", backup, "--replace")
    path.unlink()
    assert "is not whole" in refuse("restore", backup, "--replace")
    for text in ("", "[]", "{}", '{"format": 1}'):
        (backup / manifest.FILE_NAME).write_text(text)
        assert refuse("restore", backup, "--replace").endswith("is not the manifest of a backup: it is damaged.")
    (backup / manifest.FILE_NAME).unlink()
    assert "is not a backup: there is no 'manifest.json' in it." in refuse("restore", backup, "--replace")
    assert read_tokens() == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"database": "oracle"}, "is a backup of a oracle database, and DATABASE_URL leads to "),
        ({"webnet": "99.0"}, "was made by webnet 99.0, and this is webnet "),
        ({"migrations": ["plugins.9999_later"]}, "whose migration 'plugins.9999_later' this one does not know"),
        ({"format": 2, "webnet": "9.0"}, "was made by webnet 9.0, which writes another format: install that version."),
        ({"plugins": {"gone": "1.0"}}, "has data of the plugin 'gone' 1.0, which is not installed here: install that"),
        ({"plugins": {"ledger": "2.0"}}, "has data of the plugin 'ledger' 2.0, of which 1.2 is installed here"),
    ],
)
def test_what_does_not_fit_is_refused(backup: Path, changes: dict, reason: str) -> None:
    edit_manifest(backup, **changes)
    before = read_tokens()

    assert reason in refuse("restore", backup, "--replace", "--no-input")
    assert read_tokens() == before


def test_data_of_missing_plugins_can_be_restored_all_the_same(backup: Path, registered) -> None:
    registered()
    assert "add --without-plugins" in refuse("restore", backup, "--replace", "--no-input")

    restore(backup, "--without-plugins")

    assert PluginConfig.objects.get(name="ledger").settings == {"number": 1e20}


def test_a_database_with_tables_is_replaced_only_if_that_is_said(backup: Path) -> None:
    assert refuse("restore", backup, "--no-input").startswith("The database is not empty: add --replace")


@pytest.mark.parametrize("answer", ["", "n\n", "no\n", "?\n"])
def test_nothing_is_restored_without_a_yes(backup: Path, answer: str) -> None:
    before = read_tokens()

    with mock.patch("sys.stdin", io.StringIO(answer)):
        assert refuse("restore", backup, "--replace") == "Nothing was restored."

    assert read_tokens() == before


def test_the_question_names_what_will_happen(backup: Path) -> None:
    with mock.patch("sys.stdin", io.StringIO("y\n")):
        printed = run("restore", backup, "--replace")

    assert "Everything that is in the database now will be gone." in printed
    assert "Restored the backup of" in printed


def test_missing_keys_are_named_and_not_called_forged(backup: Path, settings) -> None:
    settings.WEBNET_AUDIT_KEYS = settings.WEBNET_SETTINGS_KEYS = [OTHER_KEY]

    printed = restore(backup)

    assert "Missing key: " in printed and "edited" not in printed
    assert "The secret '/key' of 'ledger' can't be decrypted: put its key back into WEBNET_SETTINGS_KEYS." in printed
    assert "(ledger for " in printed


def test_a_log_that_is_not_valid_is_restored_only_if_that_is_said(house: None, tmp_path: Path) -> None:
    with without_triggers():
        PluginAuditLog.objects.filter(position=2).update(reason="nothing to see here")
    warned = run("backup", tmp_path / "backup")
    before = read_tokens()

    refused = refuse("restore", tmp_path / "backup", "--replace", "--no-input")
    assert "Position 2: edited" in refused and "--accept-faults" in refused
    assert "The end of the log was not signed: Position 2: edited" in warned
    assert read_tokens() == before

    assert "Position 2: edited" in restore(tmp_path / "backup", "--accept-faults")


def test_a_log_that_is_not_that_of_the_manifest_is_refused(backup: Path) -> None:
    heads = manifest.read(backup).heads
    edit_manifest(backup, heads={**heads, "platform": [99, "00"]})

    assert "Chain platform does not end where the manifest says." in refuse(
        "restore", backup, "--replace", "--no-input"
    )


def test_a_checkpoint_of_the_manifest_that_the_log_lacks_is_refused(backup: Path, house: None) -> None:
    manager.update_settings("ledger", actor=ACTOR, patch={"number": 3})
    run("checkpoint_audit_log")
    edit_manifest(backup, checkpoint=to_line(AuditCheckpoint.objects.last()))

    assert "kept elsewhere, is not in the database" in refuse("restore", backup, "--replace", "--no-input")


def test_a_failure_while_restoring_leaves_everything_as_it_was(backup: Path, data_dir: Path) -> None:
    manager.update_settings("ledger", actor=ACTOR, patch={"number": 3})
    before, tokens, live = read_settings(), read_tokens(), connections["default"]

    with mock.patch("webnet.backup.restores.renew_all", side_effect=OSError(5, "Input/output error")):
        assert refuse("restore", backup, "--replace", "--no-input").startswith("Nothing was restored: ")

    assert (read_settings(), read_tokens()) == (before, tokens)
    assert connections["default"] is live and find_drafts(data_dir) == []


def test_only_a_platform_operator_may_make_and_restore_backups(house: None, tmp_path: Path) -> None:
    ann = actor_for(make_member("ann", Customer.objects.get(slug="acme"), Role.ADMIN))
    with pytest.raises(PermissionDenied):
        backups.make(tmp_path / "b", actor=ann, keys_file=None, reason="", progress=lambda *_: None)
    assert not (tmp_path / "b").exists()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="These programs are PostgreSQL's.")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("", "'pg_dump' is not installed: install PostgreSQL's client programs of version"),
        ("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n", "'pg_dump' has version 9, and the server has "),
    ],
)
def test_a_missing_or_old_client_program_is_named(
    house: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    (tmp_path / "bin").mkdir()
    if script:
        (tmp_path / "bin" / "pg_dump").write_text(script)
        (tmp_path / "bin" / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/nowhere")

    assert refuse("backup", tmp_path / "backup").startswith(reason)
    assert not (tmp_path / "backup").exists() and find_drafts(tmp_path) == []


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no roles.")
def test_what_other_roles_were_granted_is_granted_again(backup: Path) -> None:
    role, table, sequence = f"role_{uuid4().hex[:12]}", "customers_customer", "customers_customer_id_seq"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}; GRANT SELECT ON {table} TO {role}; GRANT USAGE ON {sequence} TO {role}")
    try:
        restore(backup)

        with connection.cursor() as cursor:
            cursor.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", [role, table])
            assert cursor.fetchone() == (True,)
            cursor.execute("SELECT has_sequence_privilege(%s, %s, 'USAGE')", [role, sequence])
            assert cursor.fetchone() == (True,)
            cursor.execute("SELECT has_table_privilege(%s, %s, 'DELETE')", [role, table])
            assert cursor.fetchone() == (False,)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.skipif(not ON_POSTGRESQL, reason="On SQLite each migration is a transaction of its own.")
def test_a_migration_can_alter_a_table_whose_rows_another_one_has_changed(backup: Path) -> None:
    file = backup / manifest.read(backup).file

    with postgresql.staged(file, lambda *_: None), connection.cursor() as cursor:
        make_member("ann", Customer.objects.get(slug="acme"))
        cursor.execute("ALTER TABLE customers_membership ADD COLUMN more integer")
        cursor.execute("ALTER TABLE customers_membership DROP COLUMN more")


def test_no_backup_is_made_while_plugins_are_migrated_or_uninstalled(
    house: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL: a table that is dropped meanwhile is in the snapshot, and nobody can read it any more."""
    monkeypatch.setattr(table_changes, "WAIT_SECONDS", 0.0)

    def make() -> str:
        try:
            backups.make(tmp_path / "backup", actor=ACTOR, keys_file=None, reason="", progress=lambda *_: None)
        except BackupError as error:
            return error.message
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(1) as other:
        with changing_tables():
            refused = other.submit(make).result()
        drafts = find_drafts(tmp_path)
        repeated = other.submit(make).result() if refused else ""

    assert ("migrated" in refused) is ON_POSTGRESQL
    assert (repeated, drafts) == ("", [])
    assert manifest.read(tmp_path / "backup")
