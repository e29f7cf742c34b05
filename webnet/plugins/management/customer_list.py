"""The customers that a command is for: those of its options, and those in a file, each with its line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError

STANDARD_INPUT = "-"


@dataclass(frozen=True, kw_only=True)
class CustomerList:
    """Slugs, each once; `places` has where in the file one stands, and `repeated` a sentence for each further line."""

    slugs: tuple[str, ...]
    places: Mapping[str, str]
    repeated: tuple[str, ...] = ()

    def label(self, slug: str) -> str:
        """The slug in quotes, after its place in the file if it has one."""
        return f"{self.places[slug]}: '{slug}'" if slug in self.places else f"'{slug}'"


def read_customers(named: Sequence[str], source: str | None) -> CustomerList:
    """Those that are named, and those in the file `source`. Raises CommandError if it can't be read or has none."""
    lines = list(_read_slugs(read_input(source))) if source is not None else []
    if source is not None and not lines:
        raise CommandError(f"'{source}' names no customer; nothing was changed.")
    first: dict[str, int] = {}
    repeated: list[str] = []
    for number, slug in lines:
        if first.setdefault(slug, number) != number:
            repeated.append(f"{_describe_line(source, number)}: '{slug}' is in line {first[slug]} already.")
    return CustomerList(
        slugs=tuple(dict.fromkeys([*named, *first])),
        places={slug: _describe_line(source, number) for slug, number in first.items()},
        repeated=tuple(repeated),
    )


def read_input(name: str) -> str:
    """The text of a file, or of standard input for '-'."""
    try:
        if name == STANDARD_INPUT:
            return sys.stdin.read()
        return Path(name).read_text(encoding="utf-8-sig")  # editors on Windows write a byte order mark
    except OSError as error:
        raise CommandError(f"'{name}' can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"'{name}' can't be read: it is not UTF-8.") from None


def _read_slugs(text: str) -> Iterator[tuple[int, str]]:
    """(number of the line, slug); empty lines are skipped, and what follows '#'."""
    for number, line in enumerate(text.splitlines(), start=1):
        slug = line.partition("#")[0].strip()
        if slug:
            yield number, slug


def _describe_line(source: str | None, number: int) -> str:
    place = "standard input" if source == STANDARD_INPUT else Path(source or "").name
    return f"{place}, line {number}"
