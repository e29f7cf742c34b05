"""Reads the example of each operation, which the pages about the schema show and tests run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLObjectType, GraphQLSchema

SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)


def read_examples(folder: Path, schema: GraphQLSchema) -> dict[str, str]:
    """The text below each `## operation` in the folder's files. Raises ValueError unless each operation has one."""
    sections = [section for file in sorted(folder.glob("*.md")) for section in _read_sections(file)]
    examples = dict(sections)
    operations = {name for kind in _root_types(schema) for name in kind.fields}
    faults = [
        *(f"'{name}' has no example." for name in sorted(operations - examples.keys())),
        *(f"'{name}' has an example, but is not an operation." for name in sorted(examples.keys() - operations)),
        *(f"'{name}' has several examples." for name in sorted(_find_repeated([name for name, _ in sections]))),
    ]
    if faults:
        raise ValueError("\n".join(faults))
    return examples


def read_introduction(folder: Path) -> str:
    """What holds for all examples: the folder's README without its title."""
    return _read(folder / "README.md").partition("\n")[2].strip()


def _read_sections(file: Path) -> Iterator[tuple[str, str]]:
    _, *parts = SECTION.split(_read(file))
    yield from zip(parts[::2], map(str.strip, parts[1::2]), strict=True)


def _read(file: Path) -> str:
    # The pages about the schema are in docs/reference: one folder further up.
    return file.read_text(encoding="utf-8").replace("](../../", "](../")


def _root_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    return [kind for kind in (schema.query_type, schema.mutation_type, schema.subscription_type) if kind is not None]


def _find_repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
