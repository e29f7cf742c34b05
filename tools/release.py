"""Prepares a release: sets the version, closes the changelog's section, and stores the schemas that clients rely on.

`python tools/release.py 0.1.0` changes files only; committing and tagging are for the maintainer.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import schema_changelog
from graphql import build_schema

from webnet.contract.deprecations import find_deprecation_faults
from webnet.contract.releases import FOLDER, UNRELEASED, VERSION, find_releases, read_changelog
from webnet.contract.versions import minor_of

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = re.compile(r"\d+\.\d+\.\d+")


def main(arguments: Sequence[str]) -> None:
    """Check everything, then write."""
    parser = argparse.ArgumentParser(description="Prepares a release; the changes are then committed and tagged.")
    parser.add_argument("version", help="such as 0.2.0")
    parser.add_argument("--date", default=f"{datetime.now(tz=UTC):%Y-%m-%d}", help="the date (default: today, UTC)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: the one with this script)")
    options = parser.parse_args(arguments)
    root, version = options.root, options.version
    if refusal := find_refusal(root, version):
        sys.exit(refusal)

    code, changelog = root / "webnet" / "__init__.py", root / "CHANGELOG.md"
    code.write_text(VERSION.sub(f'__version__ = "{version}"', code.read_text(encoding="utf-8")), encoding="utf-8")
    closed = f"{UNRELEASED}\n\n## [{version}] - {options.date}"
    changelog.write_text(changelog.read_text(encoding="utf-8").replace(UNRELEASED, closed, 1), encoding="utf-8")
    stored = root / FOLDER / f"{version}.graphql"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text((root / "schema.graphql").read_text(encoding="utf-8"), encoding="utf-8")
    (root / schema_changelog.FILE).write_text(schema_changelog.write_changelog(root), encoding="utf-8")
    for plugin in find_plugins(root):
        store_plugin(root, plugin)
    print(f"Prepared {version}. Look at the changes, commit them, and tag the commit v{version}.")


def find_refusal(root: Path, version: str) -> str:
    """Why this version can't be released; empty if it can."""
    changelog = read_changelog((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    if not NUMBERS.fullmatch(version):
        return f"'{version}' is not a version such as 0.2.0."
    if version in changelog.dates:
        return f"CHANGELOG.md has {version} already."
    if not any(line.startswith("- ") for line in changelog.unreleased.splitlines()):
        return "CHANGELOG.md has nothing under 'Unreleased'."
    newest = next(reversed(find_releases(root)), version)
    if [int(each) for each in version.split(".")] < [int(each) for each in newest.split(".")]:
        return f"{version} is older than {newest}."
    schema = build_schema((root / "schema.graphql").read_text(encoding="utf-8"))
    faults = [str(each) for each in find_deprecation_faults(schema, minor_of(version))]
    return "\n".join([f"{version} can't be released with these deprecations:", *faults]) if faults else ""


def find_plugins(root: Path) -> list[Path]:
    """The packages of the example plugins whose schemas are stored."""
    return sorted(path.parent for path in (root / "examples").glob("*_plugin/*/schemas") if path.is_dir())


def store_plugin(root: Path, package: Path) -> None:
    """Store the schema of an example plugin beside it, under its own version."""
    with tempfile.TemporaryDirectory() as data:
        # In a checkout, webnet finds the examples itself.
        environment = {name: value for name, value in os.environ.items() if name != "WEBNET_PLUGINS"}
        environment |= {"WEBNET_DEBUG": "1", "WEBNET_DATA_DIR": data, "DATABASE_URL": "sqlite://:memory:"}
        command = [sys.executable, root / "manage.py", "check_plugin", package.name, "--store"]
        subprocess.run(command, cwd=root, env=environment, check=True)  # noqa: S603 - our own command


if __name__ == "__main__":
    main(sys.argv[1:])
