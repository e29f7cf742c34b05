"""A release is prepared by one command, and what changes in the schema is written down for clients."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import one_database_is_enough
from tests.servers import ROOT

pytestmark = one_database_is_enough

FIRST = "type Query { plugins: [String!]! name: String }\n"
SECOND = """
type Query {
  plugins: [String!]! @deprecated(reason: "Use `all`. Deprecated since 0.2, removed in 0.4.")
  all(first: Int): [String!]!
}
"""
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n- All that there is.\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of version 0.1.0 before its release."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "webnet").mkdir()
    (tmp_path / "webnet" / "__init__.py").write_text('"""webnet."""\n\n__version__ = "0.1.0"\n')
    (tmp_path / "schema.graphql").write_text(FIRST)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def run(tool: str, checkout: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, ROOT / "tools" / tool, "--root", checkout, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def add_to_changelog(checkout: Path, line: str) -> None:
    file = checkout / "CHANGELOG.md"
    file.write_text(file.read_text().replace("## [Unreleased]\n", f"## [Unreleased]\n\n{line}\n"))


def read_all(checkout: Path) -> dict[str, str]:
    return {str(path.relative_to(checkout)): path.read_text() for path in checkout.rglob("*.*") if path.is_file()}


@pytest.mark.slow
def test_two_releases_leave_their_schemas_and_what_changed_between_them(checkout: Path) -> None:
    first = run("release.py", checkout, "0.1.0", "--date", "2026-11-28")
    (checkout / "schema.graphql").write_text(SECOND)
    add_to_changelog(checkout, "- Field Query.name was removed.")

    second = run("release.py", checkout, "0.2.0", "--date", "2027-01-31")

    assert (first[0], second[0]) == (0, 0), first[1] + second[1]
    files = read_all(checkout)
    assert (files["docs/releases/0.1.0.graphql"], files["docs/releases/0.2.0.graphql"]) == (FIRST, SECOND)
    assert files["webnet/__init__.py"] == '"""webnet."""\n\n__version__ = "0.2.0"\n'
    assert files["CHANGELOG.md"] == (
        "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-31\n\n- Field Query.name was removed.\n\n"
        "## [0.1.0] - 2026-11-28\n\n### Added\n- All that there is.\n"
    )
    _, _, sections = files["docs/schema-changelog.md"].partition("-->\n\n")
    assert sections == (
        "## Unreleased\n\nNothing has changed.\n\n"
        "## 0.2.0 - 2027-01-31\n\nThe whole: [0.2.0.graphql](releases/0.2.0.graphql).\n\n"
        "### Removed\n\n- **Breaking:** Field Query.name was removed.\n\n"
        "### Deprecated\n\n"
        "- Query.plugins is deprecated: Use `all`. Deprecated since 0.2, removed in 0.4.\n\n"
        "### Added\n\n- Field Query.all was added.\n\n"
        "## 0.1.0 - 2026-11-28\n\nThe whole: [0.1.0.graphql](releases/0.1.0.graphql).\n\nThe first release.\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "schema", "changelog", "refusal"),
    [
        ("0.2", FIRST, CHANGELOG, "'0.2' is not a version such as 0.2.0."),
        ("0.1.0", FIRST, f"{CHANGELOG}\n## [0.1.0] - 2026-11-28\n", "CHANGELOG.md has 0.1.0 already."),
        (
            "0.1.0",
            FIRST,
            "# Changelog\n\n## [Unreleased]\n\n### Added\n",
            "CHANGELOG.md has nothing under 'Unreleased'.",
        ),
        ("0.4.0", SECOND, CHANGELOG, "Query.plugins: it should be gone, since it is removed in 0.4 and this is 0.4."),
    ],
)
def test_what_can_not_be_released_is_refused_before_anything_is_written(
    checkout: Path, version: str, schema: str, changelog: str, refusal: str
) -> None:
    (checkout / "schema.graphql").write_text(schema)
    (checkout / "CHANGELOG.md").write_text(changelog)
    before = read_all(checkout)

    code, told = run("release.py", checkout, version)

    assert (code, told.splitlines()[-1]) == (1, refusal)
    assert read_all(checkout) == before


@pytest.mark.slow
def test_a_changelog_of_the_schema_that_is_out_of_date_is_found(checkout: Path) -> None:
    run("release.py", checkout, "0.1.0")
    assert run("schema_changelog.py", checkout, "--check")[0] == 0

    (checkout / "schema.graphql").write_text(SECOND)

    assert run("schema_changelog.py", checkout, "--check") == (
        1,
        "docs/schema-changelog.md is out of date: run 'make schema'.\n",
    )


def test_the_changelog_of_this_schema_is_up_to_date() -> None:
    assert run("schema_changelog.py", ROOT, "--check")[0] == 0
