"""Decides how a widget's data is rendered: as text, a list, pairs or a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext

MAXIMUM_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`rows` are strings for text and lists, (name, value) for pairs, and one cell per column for tables."""

    kind: Literal["text", "list", "pairs", "table"]
    rows: tuple[Any, ...]
    columns: tuple[str, ...] = ()
    left_out: int = 0


def shape(data: Any) -> Shape:
    """The shape of this JSON; long lists are cut off."""
    if isinstance(data, dict):
        pairs = tuple((label(name), text(value)) for name, value in data.items())
        return Shape(kind="pairs", rows=pairs[:MAXIMUM_ROWS], left_out=_left_out(pairs))
    if isinstance(data, list):
        return _table(data) if data and all(isinstance(row, dict) for row in data) else _list(data)
    return Shape(kind="text", rows=(text(data),) if data != "" else ())


def label(name: str) -> str:
    """A key as a label: "in_service" becomes "In service"."""
    spaced = name.replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:]


def text(value: Any) -> str:
    """A value as text; nested values are shown as JSON."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _list(data: list[Any]) -> Shape:
    return Shape(kind="list", rows=tuple(text(value) for value in data[:MAXIMUM_ROWS]), left_out=_left_out(data))


def _table(data: list[dict[str, Any]]) -> Shape:
    names = tuple(dict.fromkeys(name for row in data for name in row))
    rows = tuple(tuple(text(row.get(name)) for name in names) for row in data[:MAXIMUM_ROWS])
    return Shape(kind="table", rows=rows, columns=tuple(label(name) for name in names), left_out=_left_out(data))


def _left_out(rows: Any) -> int:
    return max(0, len(rows) - MAXIMUM_ROWS)
