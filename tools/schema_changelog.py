"""Writes docs/schema-changelog.md: what has changed in the schema with each release, from the schemas in docs/releases.

`python tools/schema_changelog.py` writes it, and with `--check` fails if it is out of date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from graphql import GraphQLSchema, build_schema

from webnet.contract.changes import SchemaChange, Severity, find_changes
from webnet.contract.releases import find_releases, read_changelog

ROOT = Path(__file__).resolve().parents[1]
FILE = Path("docs/schema-changelog.md")
INTRODUCTION = """\
# Changes of the schema

What changed for clients in the schema of each release, newest first; plugins are not part of it. What is marked
**breaking** may need a change in clients. How long a deprecated element stays is said under
[stability](plugin-quick-reference.md#stability).

<!-- Written by `make schema`; do not edit. -->
"""


def main(arguments: Sequence[str]) -> None:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description="Writes docs/schema-changelog.md.")
    parser.add_argument("--check", action="store_true", help="only fail if it is out of date")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: the one with this script)")
    options = parser.parse_args(arguments)
    file, text = options.root / FILE, write_changelog(options.root)
    if not options.check:
        file.write_text(text, encoding="utf-8")
    elif not file.is_file() or file.read_text(encoding="utf-8") != text:
        sys.exit(f"{FILE} is out of date: run 'make schema'.")
    else:
        print(f"{FILE} is up to date.")


def write_changelog(root: Path) -> str:
    """The text of the file."""
    dates = read_changelog((root / "CHANGELOG.md").read_text(encoding="utf-8")).dates
    # A stored schema whose release the changelog does not have yet may still change.
    released = {name: _read(path) for name, path in find_releases(root).items() if name in dates}
    if not released:
        return f"{INTRODUCTION}\nNothing has been released yet.\n"
    sections: list[str] = []
    former: GraphQLSchema | None = None
    for name, schema in released.items():
        heading = f"## {name}" + (f" - {dates[name]}" if dates[name] else "")
        link = f"The whole: [{name}.graphql](releases/{name}.graphql)."
        sections.append(f"{heading}\n\n{link}\n\n{_describe(former, schema)}")
        former = schema
    sections.append(f"## Unreleased\n\n{_describe(former, _read(root / 'schema.graphql'))}")
    return "\n".join([INTRODUCTION, *reversed(sections)])


def _read(path: Path) -> GraphQLSchema:
    return build_schema(path.read_text(encoding="utf-8"))


def _describe(former: GraphQLSchema | None, schema: GraphQLSchema) -> str:
    if former is None:
        return "The first release.\n"
    changes = find_changes(former, schema)
    if not changes:
        return "Nothing has changed.\n"
    return "\n".join(_list_groups(changes))


def _list_groups(changes: tuple[SchemaChange, ...]) -> Iterator[str]:
    for heading in ("Removed", "Changed", "Deprecated", "Added"):
        lines = [_describe_change(each) for each in changes if _group_of(each) == heading]
        if lines:
            yield "\n".join([f"### {heading}", "", *lines, ""])


def _group_of(change: SchemaChange) -> str:
    if change.kind == "DEPRECATED":
        return "Deprecated"
    if "_REMOVED" in change.kind:
        return "Removed"
    return "Added" if "_ADDED" in change.kind and "DEFAULT_VALUE" not in change.kind else "Changed"


def _describe_change(change: SchemaChange) -> str:
    marks = {Severity.BREAKING: "**Breaking:** ", Severity.DANGEROUS: "**Clients may meet it unprepared:** "}
    return f"- {marks.get(change.severity, '')}{change.description}"


if __name__ == "__main__":
    main(sys.argv[1:])
