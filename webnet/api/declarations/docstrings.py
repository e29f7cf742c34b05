"""Reads docstrings: what they say of a class or function, and of its attributes or arguments (Google's style)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Where the parts begin; they are indented further, and go on to the next line that is not.
SECTIONS = ("Args:", "Attributes:")
_PART = re.compile(r"(\w+): *(.*)")


def docstring_of(described: Any) -> str | None:
    """What the docstring of a class or function says of it as a whole, on one line; None if it has none."""
    written = _written(described)
    if written is None:
        return None
    summary = [line for line, is_part in _lines(written) if not is_part]
    return " ".join(" ".join(summary).split()) or None


def parts_of(described: Any) -> Mapping[str, str]:
    """What the docstring says of each attribute of the class, or of each argument of the function, by its name."""
    written = _written(described)
    if written is None or not any(section in written for section in SECTIONS):
        return {}
    parts: dict[str, list[str]] = {}
    depth, name = 0, ""
    for line, is_part in _lines(written):
        if not is_part or not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        found = _PART.fullmatch(line.strip())
        if found is not None and (not parts or indent <= depth):
            depth, name = indent, found[1]
            parts[name] = [found[2]]
        elif name:
            parts[name].append(line.strip())
    return {each: " ".join(texts).strip() for each, texts in parts.items()}


def _written(described: Any) -> str | None:
    # A class without a docstring of its own would have that of its base.
    written: str | None = described.__doc__ if not isinstance(described, type) else described.__dict__.get("__doc__")
    return written or None


def _lines(written: str) -> Iterator[tuple[str, bool]]:
    """The lines, and whether each is within a section; its heading is left out."""
    is_within = False
    for line in inspect.cleandoc(written).splitlines():
        if line in SECTIONS:
            is_within = True
            continue
        is_within = is_within and (not line.strip() or line.startswith(" "))
        yield line, is_within
