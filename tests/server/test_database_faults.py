"""Commands before a database that can't be used: a sentence that says what to put right, and no stack trace."""

import os
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from tests.databases import make_database, with_files_of_its_own
from tests.servers import find_free_port, run_command
from webnet.server.database_faults import explain_error


@pytest.mark.parametrize("command", ["run", "migrate", "list_plugins"])
def test_a_database_that_can_not_be_reached_is_told_without_its_password(tmp_path: Path, command: str) -> None:
    url = f"postgres://somebody:pass-word@127.0.0.1:{find_free_port()}/webnet"

    ended = run_command(command, data_dir=tmp_path, DATABASE_URL=url, WEBNET_PLUGINS="")

    assert ended.returncode == 1
    assert ended.stderr.startswith("The database can't be reached (connection")
    assert ended.stderr.endswith("): start it, or set DATABASE_URL.\n")
    assert "pass-word" not in ended.stderr


def test_a_folder_of_the_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/webnet.sqlite3"

    ended = run_command("run", data_dir=tmp_path, DATABASE_URL=url, WEBNET_PLUGINS="")

    told = "The database can't be reached (unable to open database file): start it, or set DATABASE_URL.\n"
    assert (ended.returncode, ended.stderr) == (1, told)


@pytest.mark.postgresql
@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="SQLite has no locales.")
def test_a_database_that_knows_the_case_of_few_letters_is_told_when_it_is_migrated(tmp_path: Path) -> None:
    with make_database("TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") as environment:
        ended = run_command("migrate", data_dir=tmp_path, WEBNET_PLUGINS="", **environment)

    assert ended.returncode == 0
    assert "(webnet.W003) Searches take other letters than A to Z in the given case only" in ended.stderr


def test_a_command_before_the_first_migration_says_to_migrate(tmp_path: Path) -> None:
    ended = run_command("list_plugins", data_dir=tmp_path, WEBNET_PLUGINS="")

    told = "The database is not up to date (no such table: plugins_pluginconfig): run 'manage.py migrate' first.\n"
    assert (ended.returncode, ended.stderr) == (1, told)


@with_files_of_its_own
def test_a_database_that_takes_no_writes_is_told(tmp_path: Path) -> None:
    """By webnet's commands and by Django's own."""
    url = f"sqlite:///{tmp_path}/webnet.sqlite3"
    assert run_command("migrate", "-v0", data_dir=tmp_path, DATABASE_URL=url, WEBNET_PLUGINS="").returncode == 0

    for command, told in (
        ("create_customer acme", "The database can't store anything (attempt to write a readonly database): make it"),
        ("clearsessions", "The database can't store anything (attempt to write a readonly database): make it"),
        ("run", "CommandError: Nothing can be migrated. The database is read-only."),
    ):
        read_only = f"{url}?init_command=PRAGMA%20query_only%3DON"
        ended = run_command(*command.split(), data_dir=tmp_path, DATABASE_URL=read_only, WEBNET_PLUGINS="")

        assert ended.returncode == 1 and ended.stderr.startswith(told), (command, ended.stderr)
        assert len(ended.stderr.splitlines()) == 1


def test_who_wants_the_stack_trace_gets_it(tmp_path: Path) -> None:
    ended = run_command("list_plugins", "--traceback", data_dir=tmp_path, WEBNET_PLUGINS="")

    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["migrate", "run"])
def test_an_error_of_a_migration_is_not_taken_for_one_that_is_missing(command: str) -> None:
    MigrationRecorder(connection).record_unapplied("customers", "0004_times")

    assert explain_error(DatabaseError("no such column"), command=command) is None
    assert explain_error(DatabaseError("no such column"), command="sync_plugins") is not None


@pytest.mark.django_db
def test_any_other_error_of_the_database_keeps_its_stack_trace() -> None:
    assert explain_error(DatabaseError("no such column"), command="sync_plugins") is None
