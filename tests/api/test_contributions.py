"""A plugin whose part of the schema is no good is set aside with a reason naming both sides; the rest stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
REPORT = """
import json, django
django.setup()
from webnet.api.schema import full_schema
from webnet.plugins.registry import registry
reasons = {e.name: [e.status, e.reason] for e in registry.entries()}
print(json.dumps({"reasons": reasons, "sdl": full_schema().schema.export()}))
"""

REASONS = {
    "clashing_field": "'clashing_field' adds the field 'Query.currentCustomer', which 'webnet itself' has already",
    "clashing_alias": "'clashing_alias' adds the field 'Query.findShelf', which 'shelf' has already",
    "clashing_type": "'clashing_type' brings the type 'Shelf', which 'shelf' has already",
    "called_query": "'called_query': in get_graphql_schema(), query: 'Query' is the name of a root type",
    "unbuildable": "Building its GraphQL types raised",
    "exiting": "Building its GraphQL types ended the process.",
    "foreign": "'foreign': in get_graphql_schema(), extends: 'Shelf' is a type of 'shelf': name it among the",
}


def report(tmp_path, *plugins):
    """What an interpreter of its own says of these plugins and the schema."""
    paths = [str(TESTS.parent), *(str(TESTS / folder) for folder in ("sample_plugins", "sample_schemas"))]
    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(paths), "WEBNET_PLUGINS": ",".join(plugins), "WEBNET_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def all_together(tmp_path_factory):
    return report(tmp_path_factory.mktemp("data"), *REASONS, "shelf", "labels")


def test_each_bad_part_has_a_reason_that_names_both_sides(all_together):
    # The shelf comes after those that clash with it, but is loaded in the order given: the later one is at fault.
    for name in ("clashing_field", "called_query", "unbuildable", "exiting", "foreign"):
        status, reason = all_together["reasons"][name]
        assert status == "failed", name
        assert reason.startswith(REASONS[name]), reason


def test_the_rest_of_the_schema_stands(all_together):
    sdl = all_together["sdl"]

    assert "currentCustomer: Customer" in sdl
    assert 'bestShelf: Shelf! @plugin(name: "clashing_type")' in sdl
    assert "auditTrail" not in sdl
    assert all_together["reasons"]["shelf"][0] == "failed"


@pytest.mark.parametrize("name", ["clashing_alias", "clashing_type"])
def test_of_two_that_clash_the_later_one_is_set_aside(tmp_path, name):
    said = report(tmp_path, "shelf", name)

    assert said["reasons"]["shelf"][0] == "loaded"
    assert said["reasons"][name][0] == "failed"
    assert said["reasons"][name][1].startswith(REASONS[name])
    assert "type Shelf implements Node & Named" in said["sdl"]
