"""Texts and outlines that fit into a drawing."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import combining, east_asian_width


def shorten(text: str, width: int) -> str:
    """The beginning of the text with "…" if it is wider than so many letters; a wide letter (UAX 11) counts as two."""
    if sum(map(_width, text)) <= width:
        return text
    taken, left = "", width - 1
    for letter in text:
        left -= _width(letter)
        if left < 0:
            break
        taken += letter
    return f"{taken.rstrip()}…"


def outline(points: Iterable[tuple[float, float]]) -> str:
    """The `points` of an SVG polygon or polyline."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def number(value: float) -> str:
    """A length for SVG, with one digit after the point if it needs one."""
    return f"{value:.1f}".removesuffix(".0")


def _width(letter: str) -> int:
    if combining(letter):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1
