"""Finds and parses the documents of a client: all files together are one set, as for clients' code generators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from graphql import (
    DefinitionNode,
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    Source,
    parse,
)

from webnet.errors import WebnetError

SUFFIXES = frozenset({".graphql", ".gql"})
# Holds other people's packages, with documents and schemas of their own.
PACKAGES = "node_modules"


class DocumentsNotRead(WebnetError):
    """A path leads to no document, or to one that can't be read."""


@dataclass(frozen=True, kw_only=True)
class DocumentSet:
    """All documents of a client. The nodes' `loc.source.name` is the path of their file.

    `schemas` are files that define a schema, such as the superset stored beside the documents: they are left out.
    """

    files: tuple[DocumentNode, ...]
    schemas: tuple[Path, ...]
    faults: tuple[GraphQLError, ...]

    @property
    def definitions(self) -> tuple[DefinitionNode, ...]:
        """Those of all files."""
        return tuple(definition for file in self.files for definition in file.definitions)


def find_files(places: Iterable[str]) -> tuple[Path, ...]:
    """The files that are named, are in a folder that is named, or match a pattern such as `src/**/*.graphql`.

    Raises DocumentsNotRead for a place with none, and for a file that has another ending.
    """
    found: dict[Path, None] = {}
    for place in places:
        found.update(dict.fromkeys(_find_at(place)))
    return tuple(found)


def read_documents(files: Iterable[Path]) -> DocumentSet:
    """Parse them; raises DocumentsNotRead for a file that can't be read, but not for one with a syntax error."""
    parsed: list[DocumentNode] = []
    schemas: list[Path] = []
    faults: list[GraphQLError] = []
    for file in files:
        try:
            document = parse(Source(_read(file), str(file)))
        except GraphQLSyntaxError as error:
            faults.append(error)
            continue
        if any(isinstance(each, ExecutableDefinitionNode) for each in document.definitions):
            parsed.append(document)
        else:
            schemas.append(file)
    return DocumentSet(files=tuple(parsed), schemas=tuple(schemas), faults=tuple(faults))


def _find_at(place: str) -> list[Path]:
    path = Path(place)
    if path.is_file():
        if path.suffix not in SUFFIXES:
            raise DocumentsNotRead(f"'{place}' is not a .graphql or .gql file.")
        return [path]
    inside = path.rglob("*") if path.is_dir() else map(Path, glob(place, recursive=True))  # noqa: PTH207 - Path's own glob takes no absolute patterns
    files = sorted(each for each in inside if each.suffix in SUFFIXES and PACKAGES not in each.parts and each.is_file())
    if not files:
        raise DocumentsNotRead(f"There is no .graphql or .gql file at '{place}'.")
    return files


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentsNotRead(f"'{file}' can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DocumentsNotRead(f"'{file}' can't be read: it is not UTF-8.") from error
