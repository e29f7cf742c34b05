"""Draws curves over a logarithmic axis as SVG, for pages that are light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 50, 60
# Told apart by people who see few colours, on white and on black (Okabe and Ito).
COLOURS = ("#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#888888")
STYLE = """
  text { font: 13px sans-serif; fill: #222 } .title { font-size: 15px; font-weight: bold }
  .line { fill: none; stroke-width: 2.5 }
  .grid { stroke: #8888; stroke-width: 0.5 } .paper { fill: #fff }
  @media (prefers-color-scheme: dark) { text { fill: #eee } .paper { fill: #111 } }
"""


@dataclass(frozen=True)
class Curve:
    """A named line through points of (size, figure)."""

    name: str
    points: Sequence[tuple[float, float]]


def draw(curves: Sequence[Curve], *, title: str, across: str, up: str) -> str:
    """The drawing. Sizes are spaced by their logarithm, with 0 one step before the smallest; figures from 0 on."""
    sizes = sorted({size for curve in curves for size, _ in curve.points})
    highest = max(figure for curve in curves for _, figure in curve.points)
    step = find_step(highest)
    top = step * (int(highest / step) + 1)
    places = {size: _place(size, sizes) for size in sizes}

    def at(size: float, figure: float) -> tuple[float, float]:
        return places[size], HEIGHT - BOTTOM - figure / top * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="28">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 14}">{escape(across)} (logarithmic)</text>',
        f'<text transform="translate(18 {HEIGHT - BOTTOM}) rotate(-90)">{escape(up)}</text>',
    ]
    for number in range(round(top / step) + 1):
        _, y = at(sizes[0], number * step)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number * step:g}</text>')
    for size in sizes:
        x, bottom = places[size], HEIGHT - BOTTOM
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{size:,.0f}</text>')
    for number, curve in enumerate(curves):
        parts += _draw_curve(curve, COLOURS[number % len(COLOURS)], [at(*point) for point in curve.points], number)
    return "\n".join([*parts, "</svg>", ""])


def find_step(highest: float) -> float:
    """1, 2 or 5 times a power of ten, so that at most ten of it reach the highest figure."""
    power = 10.0 ** int(log10(highest) - 2)
    while True:
        for times in (1, 2, 5):
            if highest / (times * power) <= 8:
                return times * power
        power *= 10


def _draw_curve(curve: Curve, colour: str, places: Sequence[tuple[float, float]], number: int) -> list[str]:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    key = TOP + 14 + 24 * number
    return [
        f'<polyline class="line" stroke="{colour}" points="{line}"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places),
        f'<rect x="{WIDTH - RIGHT + 20}" y="{key - 9}" width="18" height="5" fill="{colour}"/>',
        f'<text x="{WIDTH - RIGHT + 46}" y="{key}">{escape(curve.name)}</text>',
    ]


def _place(size: float, sizes: Sequence[float]) -> float:
    positive = [each for each in sizes if each > 0]
    if len(sizes) == 1:
        return LEFT
    first, last = log10(positive[0]), log10(positive[-1])
    if sizes[0] == 0:
        first -= 1
    share = 0.0 if size == 0 else (log10(size) - first) / ((last - first) or 1)
    return LEFT + share * (WIDTH - LEFT - RIGHT)
