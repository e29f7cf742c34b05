"""A database as webnet of commit c6d51b8 left it works with this one; without that baseline, this fails."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.browsing import Client
from tests.databases import make_database
from tests.servers import ROOT, run_command, serve_webnet

BASELINE = Path(__file__).parent / "c6d51b8"
KIND = "postgresql" if os.environ.get("TEST_DATABASE") == "postgresql" else "sqlite"
ROWS = "SELECT position, chain, sequence, text, hash FROM plugins_pluginauditlog ORDER BY position"
STATE = """{
  plugins(first: 10) { edges { node { name enabled availability settings } } }
  customers(first: 10) { edges { node { slug name isActive createdAt updatedAt } } }
  customerPluginConfig(customer: "acme", plugin: "shelf") { createdAt updatedAt
    settings secretSettings { path isSet } settingsRevision
    settingsHistory(first: 5) { edges { node { revision reason } } } }
  pluginAuditLogs(first: 100) { edges { node { action outcome errorCode actorName } } }
}"""
ROWS_OF_PLUGINS = """{ devices(first: 10) { edges { node { name host interfaces(first: 5) { edges { node { address }
} } } } } }"""
UPDATE = """mutation { updateCustomerPluginSettings(
  input: { customer: "acme", plugin: "shelf", settings: { limit: 4 }, expectedRevision: 1, reason: "After the upgrade" }
) { __typename ... on UpdateCustomerPluginSettingsPayload { config { settingsRevision settings } }
    ... on Refusal { code message } } }"""
# Fails if the log is not valid, or a secret can't be decrypted.
VERIFY = """
from django.core.management import call_command as call
call("verify_audit_log")
call("rotate_settings_keys")
call("check")
"""


@dataclass(frozen=True)
class Upgraded:
    """A data folder and the variables of a webnet on the baseline's database."""

    data_dir: Path
    changes: dict[str, str]

    def read(self, statement: str) -> list[tuple[Any, ...]]:
        url = self.changes.get("DATABASE_URL")
        database = psycopg.connect(url) if url else sqlite3.connect(self.data_dir / "webnet.sqlite3")
        with closing(database):
            return database.execute(statement).fetchall()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Upgraded]:
    """The baseline, as it was loaded; nothing of this webnet has touched it."""
    with make_database() as database:
        script = BASELINE / f"{KIND}.sql"
        if KIND == "sqlite":
            with closing(sqlite3.connect(tmp_path / "webnet.sqlite3")) as connection:
                connection.executescript(script.read_text())
        else:
            command = ["psql", "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(script)]
            subprocess.run([*command, database["DATABASE_URL"]], check=True)
        keys = dict(line.split("=", 1) for line in (BASELINE / "keys.env").read_text().splitlines() if "#" not in line)
        path = f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'sample_plugins'}"
        plugins = {"PYTHONPATH": path, "WEBNET_PLUGINS": "hello_world,device_inventory,shelf"}
        del keys["WEBNET_SECRET_KEY"]  # It is that of all tests.
        yield Upgraded(tmp_path, {**database, **keys, **plugins})


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


def test_its_rows_are_read_and_changed_and_its_log_verifies_unchanged(old: Upgraded) -> None:
    rows = old.read(ROWS)
    token = json.loads((BASELINE / "tokens.json").read_text())[KIND]["platform"]
    assert len(rows) == 26

    with serve_webnet(old.data_dir, **old.changes) as server:  # It migrates and syncs first.
        client, headers = Client(server.url), {"Authorization": f"Bearer {token}"}
        state, devices, updated = (
            client.post_graphql(query, path=path, headers=headers).json()["data"]
            for query, path in ((STATE, "/graphql/"), (ROWS_OF_PLUGINS, "/graphql/acme/"), (UPDATE, "/graphql/"))
        )
    checked = run_command("shell", "-v0", "-c", VERIFY, data_dir=old.data_dir, **old.changes)

    found = {plugin["name"]: plugin for plugin in nodes(state["plugins"])}
    assert {name: (plugin["enabled"], plugin["availability"]) for name, plugin in found.items()} == {
        "hello_world": (True, "DEFAULT_ON"),
        "device_inventory": (True, "DEFAULT_ON"),
        "shelf": (True, "OFFERED"),
    }
    assert found["shelf"]["settings"] == {"limit": 7}
    assert [customer["slug"] for customer in nodes(state["customers"])] == ["acme", "globex"]
    assert all(customer["updatedAt"] == customer["createdAt"] for customer in nodes(state["customers"]))
    config = state["customerPluginConfig"]
    assert config["createdAt"] == config["updatedAt"] is not None
    assert json.dumps(config["settings"], sort_keys=True) == '{"a": [-0.0, 1.5, "\\u00e9"], "limit": 3, "z": 1e+20}'
    assert [secret["path"] for secret in config["secretSettings"]] == ["/key"]
    assert nodes(config["settingsHistory"]) == [{"revision": 1, "reason": "Numbers"}]
    log = nodes(state["pluginAuditLogs"])
    # The second of two equal refusals had only been counted; its row was written now, since the minute is over.
    assert [row["errorCode"] for row in log if row["outcome"] == "REFUSED"] == ["INVALID_SETTINGS"] * 2
    assert [device["name"] for device in nodes(devices["devices"])] == ["switch-0", "switch-1", "switch-2"]
    change = updated["updateCustomerPluginSettings"]
    assert change["config"]["settingsRevision"] == 2 and change["config"]["settings"]["limit"] == 4
    # Its own rows are as they were, to the letter; those of the upgrade follow.
    assert old.read(ROWS)[: len(rows)] == rows
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "rows are unchanged; they are signed up to position 24." in checked.stdout
    assert "The first key decrypts every secret" in checked.stdout


def test_a_backup_of_it_is_migrated_in_a_new_place_with_the_keys_from_a_file(old: Upgraded, tmp_path: Path) -> None:
    rows = old.read(ROWS)
    (tmp_path / "new").mkdir()
    backup, keys = str(tmp_path / "backup"), str(tmp_path / "copied.env")
    made = run_command("backup", backup, "--keys", keys, data_dir=old.data_dir, **old.changes)
    assert made.returncode == 0 and "The database is that of an older webnet" in made.stderr, made.stderr
    assert old.read(ROWS) == rows  # Rows of this version would not be right in the tables of that one.

    with make_database() as database:
        moved = {name: value for name, value in old.changes.items() if not name.endswith("_KEYS")}
        new = Upgraded(tmp_path / "new", {**moved, **database, "WEBNET_ENV_FILE": keys})
        restored = run_command("restore", backup, "--no-input", data_dir=new.data_dir, **new.changes)
        assert restored.returncode == 0, restored.stderr
        checked = run_command("shell", "-v0", "-c", VERIFY, data_dir=new.data_dir, **new.changes)
        found = new.read(ROWS)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "issing" not in restored.stderr and "The first key decrypts every secret" in checked.stdout
    assert found[: len(rows)] == rows and len(found) > len(rows)


def test_the_changelog_names_what_breaks_its_clients() -> None:
    spec = importlib.util.spec_from_file_location("check_schema_changes", ROOT / ".ci" / "check_schema_changes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    former, schema = (BASELINE / "schema.graphql").read_text(), (ROOT / "schema.graphql").read_text()

    assert module.find_untold(former, schema, (ROOT / "CHANGELOG.md").read_text()) == []
    broken = re.sub(r"\n  verboseName: .*", "\n  otherName: String", schema)  # a negative control
    assert module.find_untold(former, broken, "") != module.find_untold(former, schema, "")


def test_the_baseline_is_there() -> None:
    """Without it, nothing of this would be tested."""
    files = {path.name for path in BASELINE.iterdir() if path.stat().st_size}

    assert files == {"README.md", "keys.env", "postgresql.sql", "schema.graphql", "sqlite.sql", "tokens.json"}
