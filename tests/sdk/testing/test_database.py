"""What a test leaves behind for the tests after it turns the run red, whichever way it got there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.databases import make_database

# Each of the tests `test_finds_…` comes right after the one that leaves something, and does nothing itself.
PROJECT = """
[tool.pytest.ini_options]
addopts = ["-p", "webnet.sdk.testing", "-p", "no:randomly", "-p", "no:cacheprovider"]
webnet_plugins = ["hello_world"]
"""
CONFTEST = """
import json

found = {}


def pytest_collection_modifyitems(items):
    # pytest-django would have those first that don't commit.
    items.sort(key=lambda item: item.location[1])


def pytest_runtest_setup(item):
    found[item.name] = ""


def pytest_exception_interact(node, call):
    found[node.name] += str(call.excinfo.value)


def pytest_unconfigure(config):
    (config.rootpath / "faults.json").write_text(json.dumps(found))
"""
TESTS = """
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.audit import triggers as audit_triggers
from webnet.audit.models import Generation, PluginAuditLog
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig
from webnet.sdk.testing import database

commits = pytest.mark.django_db(transaction=True)


def current_token():
    return Generation.objects.get(customer=None).token


@commits
def test_writes_much():
    manager.sync(actor=Actor.system("tests"))
    Customer.objects.create(slug="acme", name="Acme")
    test_writes_much.token = current_token()
    assert PluginAuditLog.objects.exists()


@commits
def test_finds_nothing_of_it():
    assert not PluginAuditLog.objects.exists() and not Customer.objects.exists() and not PluginConfig.objects.exists()
    assert current_token() != test_writes_much.token
    assert audit_triggers.are_installed(connection)


def test_leaks_a_row(django_db_blocker):
    with django_db_blocker.unblock():
        Customer.objects.create(slug="leaked", name="Leaked")


@commits
def test_finds_a_row():
    pass


@commits
def test_keeps_a_token():
    monkeypatch = pytest.MonkeyPatch()  # undone in the call alone, which comes after the test
    manager.sync(actor=Actor.system("tests"))
    token = current_token()
    assert platform_state(token).plugins

    def keep(customer):
        monkeypatch.undo()
        Generation.objects.create(token=token)

    monkeypatch.setattr(database, "create_generation", keep)


@pytest.mark.django_db
def test_finds_a_cache():
    pass


def test_loses_the_triggers(django_db_blocker):
    with django_db_blocker.unblock():
        audit_triggers.remove(connection)


@pytest.mark.django_db
def test_finds_no_triggers():
    pass


@commits
def test_ends_without_triggers():
    audit_triggers.remove(connection)


@commits
def test_ends_with_a_table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE extra (id integer)")


@commits
def test_ends_with_a_kind_of_row():
    ContentType.objects.create(app_label="extra", model="extra")


@commits
@pytest.mark.changes_tables
def test_changes_tables_and_says_so():
    audit_triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE other (id integer)")
        cursor.execute("DROP TABLE other")


@commits
def test_finds_what_is_usual():
    assert audit_triggers.are_installed(connection)
"""


LEFT = "An earlier test left something behind. "


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What was wrong when each of the tests above, run on a database of their own, began or ended."""
    project = tmp_path_factory.mktemp("project")
    for name, text in {"pyproject.toml": PROJECT, "conftest.py": CONFTEST, "test_all.py": TESTS}.items():
        (project / name).write_text(text)
    with make_database() as database:
        done = subprocess.run(
            [sys.executable, "-m", "pytest"],
            cwd=project,
            env=os.environ | {"TEST_DATABASE_URL": database.get("DATABASE_URL", "")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    return json.loads((project / "faults.json").read_text())


def test_what_is_written_is_deleted_and_the_generation_is_a_new_one(faults):
    assert (faults["test_writes_much"], faults["test_finds_nothing_of_it"]) == ("", "")


def test_a_row_that_is_left_turns_the_next_test_red(faults):
    assert faults["test_leaks_a_row"] == ""
    assert re.fullmatch(LEFT + "Rows of 'customers_customer': 1 now, 0 before.", faults["test_finds_a_row"])


def test_a_cache_that_is_kept_turns_the_next_test_red(faults):
    assert faults["test_keeps_a_token"] == ""
    assert re.fullmatch(LEFT + "The plugins of .* are cached under .*: hello_world.", faults["test_finds_a_cache"])


def test_a_missing_trigger_turns_the_next_test_red(faults):
    assert faults["test_loses_the_triggers"] == ""
    missing = "Trigger 'plugins_auditcheckpoint_no_.*' is missing or changed"
    assert re.match(LEFT + missing, faults["test_finds_no_triggers"])


@pytest.mark.parametrize(
    ("test", "what"),
    [
        ("test_ends_without_triggers", "Trigger 'plugins_auditcheckpoint_no_.*' is missing or changed"),
        ("test_ends_with_a_table", "Table 'extra' is new"),
        ("test_ends_with_a_kind_of_row", "Rows of 'django_content_type': .* now, .* before"),
    ],
)
def test_a_test_that_changes_the_database_without_saying_so_is_red_itself(faults, test, what):
    assert re.match(f"This test changed the database. {what}.*with @pytest.mark.changes_tables", faults[test])


def test_a_test_that_says_so_passes_and_so_does_the_next_one(faults):
    assert (faults["test_changes_tables_and_says_so"], faults["test_finds_what_is_usual"]) == ("", "")
