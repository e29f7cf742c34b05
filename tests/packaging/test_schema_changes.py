"""What breaks clients of the last release has to be in the changelog, and deprecations keep to the policy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import with_files_of_its_own
from tests.servers import ROOT

pytestmark = with_files_of_its_own

SCHEMA = "type Query { plugins: [String!]! name: String }\n"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n{unreleased}\n## [0.1.0] - 2026-11-28\n{released}\n"
NO_BREAK = "Nothing breaks clients since 0.1.0, or CHANGELOG.md says so.\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without a history, whose release 0.1.0 had the schema."""
    (tmp_path / "docs" / "releases").mkdir(parents=True)
    (tmp_path / "docs" / "releases" / "0.1.0.graphql").write_text(SCHEMA)
    (tmp_path / "webnet").mkdir()
    write(tmp_path, schema=SCHEMA)
    return tmp_path


def write(checkout: Path, *, schema: str, unreleased: str = "", released: str = "", version: str = "0.2.0") -> None:
    (checkout / "schema.graphql").write_text(schema)
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.format(unreleased=unreleased, released=released))
    (checkout / "webnet" / "__init__.py").write_text(f'__version__ = "{version}"\n')


def check(checkout: Path) -> tuple[int, str]:
    command = [sys.executable, ".ci/check_schema_changes.py", str(checkout)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def deprecated(reason: str) -> str:
    return SCHEMA.replace("name: String", f'name: String @deprecated(reason: "{reason}")')


def test_this_checkout_has_a_schema_to_compare_with_and_keeps_to_the_policy() -> None:
    code, told = check(ROOT)

    assert (code, told.splitlines()[-1][:22]) == (0, "Nothing breaks clients"), told


def test_without_a_stored_schema_nothing_passes(checkout: Path) -> None:
    (checkout / "docs" / "releases" / "0.1.0.graphql").unlink()

    code, told = check(checkout)

    assert (code, told.startswith("There is no schema in docs/releases to compare with")) == (1, True)


def test_without_the_schema_of_one_release_nothing_passes(checkout: Path) -> None:
    (checkout / "docs" / "releases" / "0.1.0.graphql").rename(checkout / "docs" / "releases" / "0.0.9.graphql")

    code, told = check(checkout)

    assert code == 1 and told.startswith("CHANGELOG.md has the releases 0.1.0, but")


def test_the_newest_release_is_compared_by_its_numbers(checkout: Path) -> None:
    for version in ("0.2.0", "0.10.0", "0.9.0"):
        (checkout / "docs" / "releases" / f"{version}.graphql").write_text(SCHEMA)

    assert check(checkout) == (0, NO_BREAK.replace("0.1.0", "0.10.0"))


def test_what_is_added_breaks_nobody(checkout: Path) -> None:
    write(checkout, schema="type Query { plugins: [String!]! name: String version: String }")

    assert check(checkout) == (0, NO_BREAK)


@pytest.mark.parametrize("where", [{}, {"released": "- Field Query.plugins was removed.\n"}])
def test_what_breaks_clients_and_is_not_told_is_refused(checkout: Path, where: dict[str, str]) -> None:
    write(checkout, schema="type Query { name: String }", **where)

    code, told = check(checkout)

    assert code == 1
    assert told.splitlines()[0].startswith("Since 0.1.0 this breaks clients")
    assert told.splitlines()[1:] == ["Field Query.plugins was removed."]


def test_what_breaks_clients_may_be_told(checkout: Path) -> None:
    write(
        checkout,
        schema="type Query { name: String }",
        unreleased="- Field Query.plugins was\n  removed.\n",
    )

    assert check(checkout)[0] == 0


def test_what_clients_may_meet_unprepared_is_listed_and_passes(checkout: Path) -> None:
    write(checkout, schema=SCHEMA.replace("name:", "name(of: Int):"))

    code, told = check(checkout)

    assert (code, told.splitlines()[1]) == (0, "An optional argument Query.name(of:) was added. (OPTIONAL_ARG_ADDED)")


@pytest.mark.parametrize(
    ("reason", "version", "found"),
    [
        ("Use `plugins`. Deprecated since 0.2, removed in 0.4.", "0.2.0", ""),
        ("Use `plugins`. Deprecated since 0.2, removed in 0.4.", "0.3.9", ""),
        ("Use `plugins`. Deprecated since 0.2, removed in 0.4.", "0.4.0rc1", "it should be gone"),
        ("Use `plugins`. Deprecated since 0.2, removed in 0.3.", "0.2.0", "it can't be removed before 0.4"),
        ("Use `plugins`. Deprecated since 0.9, removed in 1.0.", "0.2.0", "it can't be removed before 0.11"),
        ("Use `plugins`. Deprecated since 0.9, removed in 1.1.", "0.2.0", ""),
        ("Use `plugins`.", "0.2.0", "does not end like"),
        ("Deprecated since 0.2, removed in 0.4.", "0.2.0", "does not end like"),
        ("Use `plugins`. Deprecated since 0.1, removed in 0.3.", "0.2.0", "0.1 was released without this deprecation"),
    ],
)
def test_a_deprecation_names_the_version_that_removes_it(checkout: Path, reason: str, version: str, found: str) -> None:
    write(checkout, schema=deprecated(reason), version=version)

    code, told = check(checkout)

    assert (code, "Query.name: " in told) == ((1, True) if found else (0, False)), told
    assert found in told


def test_a_release_that_is_being_prepared_may_get_deprecations(checkout: Path) -> None:
    write(checkout, schema=deprecated("Use `plugins`. Deprecated since 0.1, removed in 0.3."), version="0.1.0")
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")

    assert check(checkout)[0] == 0
