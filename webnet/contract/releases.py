"""What a checkout of webnet says about its releases: their schemas, the changelog's sections, and the version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("docs/releases")
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
UNRELEASED = "## [Unreleased]"
SECTION = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\S+))?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Changelog:
    """The dates of the releases, by version and newest first, and what is not released yet."""

    dates: dict[str, str]
    unreleased: str


def find_releases(root: Path) -> dict[str, Path]:
    """The files with the schemas of the releases, by version, oldest first."""
    files = {path.stem: path for path in (root / FOLDER).glob("*.graphql")}
    return {version: files[version] for version in sorted(files, key=_numbers)}


def read_changelog(text: str) -> Changelog:
    """What the text of CHANGELOG.md says about releases."""
    found = list(SECTION.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    bodies = {each["name"]: text[each.end() : end] for each, end in zip(found, ends, strict=False)}
    dates = {each["name"]: each["date"] or "" for each in found if each["name"] != "Unreleased"}
    return Changelog(dates=dates, unreleased=bodies.get("Unreleased", "").strip())


def read_version(root: Path) -> str:
    """The version of the code, as webnet/__init__.py has it."""
    found = VERSION.search((root / "webnet" / "__init__.py").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("webnet/__init__.py has no line with __version__.")
    return found[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version))
