"""Reads the documentation: its fenced blocks, its tables and its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Parts of pages that are made, each below the operation that it is an example of.
OPERATIONS = ROOT / "docs" / "site" / "operations"
_FENCE = re.compile(r"^( *)```([^\s`]*)(?: title=\"([^\"]+)\")?\s*$")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*?) *$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block: its language, its text, the line where it begins, and the section (`## …`) it is in.

    `variables` is for an operation, and the text of the block that has them.
    """

    document: str
    line: int
    language: str
    text: str
    section: str = ""
    title: str = ""
    variables: str = ""

    @property
    def place(self) -> str:
        return f"{self.document}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One Markdown file; `name` is its path from the top of the project."""

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Document:
        return cls(name=path.relative_to(ROOT).as_posix(), text=path.read_text(encoding="utf-8"))

    def blocks(self) -> tuple[Block, ...]:
        """Every fenced block, in order."""
        return tuple(self._find_blocks())

    def prose(self) -> str:
        """The text without its fenced blocks."""
        kept, is_inside = [], False
        for line in self.text.splitlines():
            if _FENCE.match(line):
                is_inside = not is_inside
            elif not is_inside:
                kept.append(line)
        return "\n".join(kept)

    def tables(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """Every table as rows of cells, the headings first."""
        found: list[list[tuple[str, ...]]] = [[]]
        for line in self.prose().splitlines():
            if line.startswith("|"):
                found[-1].append(tuple(cell.strip() for cell in line.strip().strip("|").split("|")))
            elif found[-1]:
                found.append([])
        return tuple((rows[0], *rows[2:]) for rows in found if rows)

    def table(self, heading: str) -> tuple[tuple[str, ...], ...]:
        """The rows of the one table whose first column has this heading."""
        (rows,) = [rows[1:] for rows in self.tables() if rows[0][0] == heading]
        return rows

    def links(self) -> tuple[str, ...]:
        """Where its links lead."""
        return tuple(_LINK.findall(self.prose()))

    def anchors(self) -> frozenset[str]:
        """What a link can jump to, as GitHub names headings."""
        headings = (_HEADING.match(line) for line in self.prose().splitlines())
        return frozenset(_slug(found[1]) for found in headings if found)

    def _find_blocks(self) -> Iterator[Block]:
        begun: tuple[int, str, str, str] | None = None
        lines: list[str] = []
        section = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            fence = _FENCE.match(line)
            if begun is None and line.startswith("## "):
                section = line.removeprefix("## ")
            if begun is None and fence:
                begun, lines = (number, fence[1], fence[2], fence[3] or ""), []
            elif begun is not None and fence and not fence[2]:
                text = "\n".join(each.removeprefix(begun[1]) for each in lines) + "\n"
                first, _, language, title = begun
                yield Block(document=self.name, line=first, language=language, text=text, section=section, title=title)
                begun = None
            else:
                lines.append(line)
        assert begun is None, f"{self.name}:{begun}: this block has no end."


def find_documents() -> tuple[Document, ...]:
    """Every page at the top of the project, all of docs/, and the READMEs of the examples."""
    patterns = ("*.md", "docs/**/*.md", "examples/*/README.md")
    paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return tuple(Document.read(path) for path in paths if path.parent != OPERATIONS)


def find_operations() -> tuple[Document, ...]:
    """The examples of operations, which the pages about the schema show."""
    return tuple(Document.read(path) for path in sorted(OPERATIONS.glob("*.md")))


def find_missing_paths(text: str) -> list[str]:
    """The paths in a text that are not there."""
    paths = re.findall(r"\b(?:webnet|examples|docs|tests)/[\w/.]*\w/?", text)
    return [path for path in paths if not (ROOT / path).exists()]


def code_spans(text: str) -> frozenset[str]:
    """What stands between single backticks."""
    return frozenset(re.findall(r"`([^`\n]+)`", text))


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.replace(" ", "-")
