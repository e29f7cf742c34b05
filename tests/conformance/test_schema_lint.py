"""graphql-eslint's presets for schemas and for Relay hold for `schema.graphql`, but for exceptions with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.databases import one_database_is_enough
from tests.node import SCHEMA_LINT, install_clients, start_client
from tests.servers import ROOT

pytestmark = [pytest.mark.slow, one_database_is_enough]
LIMIT_SECONDS = 60
# By rule, what a schema must not have: a part of the schema, and what stands there instead.
FAULTS = {
    "description-style": ('"""How signIn ends."""', '"How signIn ends."'),
    "naming-convention": ("  effectivePlugins: ", "  effective_plugins: "),
    "no-typename-prefix": ("  severity: ProblemSeverity!", "  problemSeverity: ProblemSeverity!"),
    "no-unreachable-types": ("type PageInfo {", "type Unused {\n  id: ID!\n}\n\ntype PageInfo {"),
    "relay-arguments": ("    first: Int\n", "    first: String\n"),
    "relay-connection-types": ("  edges: [PluginEdge!]!", "  edges: Int"),
    "relay-edge-types": ("  cursor: String!\n", "  cursor: Int\n"),
    "relay-page-info": ("  hasNextPage: Boolean!", "  hasNextPage: Int"),
    "require-description": ('"""How disablePlugin ends."""', ""),
    "strict-id-in-types": ("type DashboardWidget {", "type DashboardWidget {\n  part: Part\n}\n\ntype Part {"),
}


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("linter"), SCHEMA_LINT)


@pytest.fixture(scope="module")
def schema() -> str:
    return (ROOT / "schema.graphql").read_text()


def lint(folder: Path, schema: str) -> list[dict[str, Any]]:
    """The findings without a reason, and the exceptions without a finding."""
    (folder / "schema.graphql").write_text(schema)
    with start_client(folder, "lint.mjs") as process:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0
    return [json.loads(line) for line in output.splitlines()]


def test_there_is_no_finding_without_a_reason(linter: Path, schema: str) -> None:
    assert lint(linter, schema) == []


def test_a_rule_that_is_broken_is_reported(linter: Path, schema: str) -> None:
    for part, fault in FAULTS.values():
        assert part in schema, part
        schema = schema.replace(part, fault, 1)

    found = lint(linter, schema)

    assert {each["rule"] for each in found} == set(FAULTS)


def test_an_exception_that_excepts_nothing_is_reported(linter: Path, schema: str) -> None:
    found = lint(linter, schema.replace("  username: String!", "  signInName: String!"))

    assert [each["rule"] for each in found] == ["no-typename-prefix"] and "nothing to except" in found[0]["message"]
