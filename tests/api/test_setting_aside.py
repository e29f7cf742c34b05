"""A plugin whose part of the schema is no good is set aside, both sides named, and the rest of the schema stands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.databases import with_files_of_its_own
from tests.servers import ROOT, run_command

pytestmark = with_files_of_its_own

# The full schema is built once in a process, so each of these has one of its own.
LOOK = """
import json
from django.utils import translation
from webnet.api.schema import full_schema
from webnet.plugins.registry import registry
from webnet.values.viewer_language import for_viewer
full = full_schema()
plugins = {entry.name: [entry.status, entry.reason] for entry in registry.entries()}
with translation.override("de"):
    german = {entry.name: for_viewer(entry.reason) for entry in registry.entries()}
owners = {str(key): plugin for part in (full.owners.types, full.owners.fields) for key, plugin in part.items()}
print(json.dumps({"plugins": plugins, "german": german, "owners": owners, "sdl": full.schema.export()}))
"""
BAD = {
    "called_query": "'called_query': in get_graphql_schema(), query: 'Query' is the name of a root type: rename "
    "the class, for example to 'DeviceQueries'.",
    "clashing_field": "'clashing_field' adds the field 'Query.currentCustomer', which 'webnet itself' defines already: "
    "rename it.",
    "clashing_alias": "'clashing_alias' adds the field 'Query.findShelf', which 'shelf' defines already: rename it.",
    "clashing_host_field": "'clashing_host_field' adds the field 'Customer.slug', which 'webnet itself' defines "
    "already: rename it.",
    "clashing_type": "'clashing_type' defines the type 'Shelf', which 'shelf' defines already: rename it.",
    "clashing_enum": "'clashing_enum' defines the type 'Material', which 'shelf' defines already: rename it.",
    "clashing_input": "'clashing_input' defines the type 'AddShelfInput', which 'shelf' defines already: rename it.",
    "foreign": "'foreign': in get_graphql_schema(), extends: 'Shelf' is a type of 'shelf': add 'shelf' to the plugin's "
    "dependencies.",
    "unbuildable": "Building the GraphQL types of 'unbuildable' raised UnresolvedFieldTypeError: Could not resolve the "
    "type of 'lost'. Check that the class is accessible from the global module scope.",
    "unheard_permission": "'unheard_permission': the field 'Vault.content' requires the permission 'veiw': declare it "
    "in get_permissions().",
    "exiting": "Building the GraphQL types of 'exiting' crashed the process.",
}


def look(data_dir: Path, *plugins: str, **changes: str) -> Any:
    """What a process with these plugins has: each one's status and reason, who brings what, and the SDL."""
    path = os.pathsep.join(str(ROOT / "tests" / name) for name in ("sample_plugins", "sample_schemas"))
    given = {"WEBNET_PLUGINS": ",".join(plugins), "PYTHONPATH": path, **changes}
    done = run_command("shell", "-v0", "-c", LOOK, data_dir=data_dir, **given)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shelf, labels for it, and every plugin that is no good beside them."""
    return look(tmp_path_factory.mktemp("seen"), "shelf", *BAD, "labels")


@pytest.mark.parametrize("name", BAD)
def test_a_plugin_that_is_no_good_fails_with_a_reason_that_names_it_place_and_way_out(seen, name):
    assert seen["plugins"][name] == ["failed", BAD[name]]


def test_why_types_do_not_build_can_be_said_in_another_language(seen):
    german = seen["german"]

    assert german["exiting"] == "Der Aufbau der GraphQL-Typen von 'exiting' hat den Prozess zum Absturz gebracht."
    raised = "hat einen Fehler ausgelöst: UnresolvedFieldTypeError: Could not resolve"
    assert german["unbuildable"].startswith(f"Der Aufbau der GraphQL-Typen von 'unbuildable' {raised}")


def test_the_rest_of_the_schema_stands_and_has_nothing_of_theirs(seen):
    assert [name for name, (status, _) in seen["plugins"].items() if status == "loaded"] == ["shelf", "labels"]
    assert set(seen["owners"].values()) == {"shelf", "labels"}
    assert 'type Shelf implements Node & Named @plugin(name: "shelf")' in seen["sdl"]
    for theirs in (
        "answer:",
        "auditTrail:",
        "bestShelf:",
        "bestMaterial:",
        "fits(",
        "colour:",
        "lost:",
        "WOOL",
        "Vault",
    ):
        assert theirs not in seen["sdl"]


def test_it_is_the_later_plugin_that_is_set_aside_and_what_needs_it_is_left_out(tmp_path):
    seen = look(tmp_path, "clashing_type", "shelf", "labels")

    assert seen["plugins"] == {
        "clashing_type": ["loaded", ""],
        "shelf": ["failed", "'shelf' defines the type 'Shelf', which 'clashing_type' defines already: rename it."],
        "labels": ["loaded", ""],  # and effective for nobody, as long as the shelf is not
    }
    assert set(seen["owners"].values()) == {"clashing_type"}
    assert "labelCount" not in seen["sdl"]


SYNC = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
try:
    call_command("sync_plugins")
except SystemExit as ended:
    print("exit code", ended.code)
call_command("list_plugins")
"""


def test_a_sync_shows_the_reason_and_the_host_serves(tmp_path):
    path = os.pathsep.join(str(ROOT / "tests" / name) for name in ("sample_plugins", "sample_schemas"))
    given = {"WEBNET_PLUGINS": "shelf,clashing_type", "PYTHONPATH": path}

    done = run_command("shell", "-v0", "-c", SYNC, data_dir=tmp_path, **given)

    assert done.returncode == 0 and f"failed   clashing_type 1.0: {BAD['clashing_type']}\nexit code 1\n" in done.stdout
    assert "clashing_type  1.0      failed" in done.stdout and "shelf          1.0      loaded" in done.stdout
