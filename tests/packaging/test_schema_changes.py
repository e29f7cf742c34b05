"""What breaks clients of the last release has to be in the changelog."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

SCHEMA = "type Query { plugins: [String!]! name: String }\n"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n{unreleased}\n## [0.1.0]\n{released}\n"
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a schema and a changelog, not released yet."""
    write(tmp_path, schema=SCHEMA)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "All")
    return tmp_path


def write(checkout: Path, *, schema: str, unreleased: str = "", released: str = "") -> None:
    (checkout / "schema.graphql").write_text(schema)
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.format(unreleased=unreleased, released=released))


def git(checkout: Path, *arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=checkout, check=True)


def check(checkout: Path) -> tuple[int, str]:
    command = [sys.executable, ".ci/check_schema_changes.py", str(checkout)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_before_the_first_release_nothing_can_break(checkout: Path) -> None:
    write(checkout, schema="type Query { name: String }")

    assert check(checkout) == (0, "No schema was released yet, so nothing can break.\n")


def test_what_is_added_breaks_nobody(checkout: Path) -> None:
    git(checkout, "tag", "v0.1.0")

    write(checkout, schema="type Query { plugins: [String!]! name: String version: String }")

    assert check(checkout) == (0, "Nothing breaks clients since v0.1.0, or CHANGELOG.md says so.\n")


@pytest.mark.parametrize("where", [{}, {"released": "- Field Query.plugins was removed.\n"}])
def test_what_breaks_clients_and_is_not_told_is_refused(checkout: Path, where: dict[str, str]) -> None:
    git(checkout, "tag", "v0.1.0")

    write(checkout, schema="type Query { name: String }", **where)

    code, told = check(checkout)
    assert code == 1
    assert told.splitlines()[0].startswith("Since v0.1.0 this breaks clients")
    assert told.splitlines()[1:] == ["Field Query.plugins was removed."]


def test_what_breaks_clients_may_be_told(checkout: Path) -> None:
    git(checkout, "tag", "v0.1.0")

    write(
        checkout,
        schema="type Query { name: String }",
        unreleased="- Field Query.plugins was\n  removed.\n",
    )

    assert check(checkout)[0] == 0
