"""What a plugin needs, and what needs it: in layers, so that every arrow leads down, from a plugin to what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from webnet.console.charts.shapes import number, outline, shorten

WIDTH = 360
BOX_WIDTH, BOX_HEIGHT = 160, 44
COLUMNS = 2
# Between the two boxes of a row, where arrows pass that lead to rows further below.
GUTTER = 20
ROW_GAP, LAYER_GAP = 22, 40
MARGIN = 10
# Of a line of text; the font is 13 units high.
LETTERS, DETAIL_LETTERS = 20, 25
# More boxes on one side of the plugin than anybody can follow with the eyes; the list beside the drawing has all.
MAXIMUM_BOXES = 12
CORNER = 10
MORE_HEIGHT = 22

State = Literal["plain", "unfit", "missing"]


@dataclass(frozen=True, kw_only=True)
class GraphPlugin:
    """A plugin to draw: `detail` is the second line, such as its version; `state` chooses the outline."""

    name: str
    label: str
    detail: str = ""
    address: str = ""
    state: State = "plain"


@dataclass(frozen=True, kw_only=True)
class Need:
    """One plugin needs another one, by their names."""

    dependent: str
    dependency: str
    is_satisfied: bool = True


@dataclass(frozen=True, kw_only=True)
class Box:
    """A plugin in the drawing, with the middle of its texts; `points` are its outline."""

    plugin: GraphPlugin
    label: str
    detail: str
    x: str
    label_y: str
    detail_y: str
    points: str
    is_center: bool

    @property
    def name(self) -> str:
        """The whole texts, after shortened ones, since a name has to contain what is seen (WCAG 2.5.3)."""
        whole = ", ".join(filter(None, (self.plugin.label, self.plugin.detail)))
        shown = ", ".join(filter(None, (self.label, self.detail)))
        return whole if shown == whole else f"{shown}: {whole}"


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """From a plugin down to one that it needs."""

    path: str
    is_satisfied: bool


@dataclass(frozen=True, kw_only=True)
class GraphDrawing:
    """All that is drawn; `more_above` and `more_below` say how many plugins are left out on each side."""

    width: str
    height: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    more_above: int
    more_below: int
    more_above_y: str
    more_below_y: str


Layers = list[list[str]]


def draw_dependencies(center: str, plugins: Mapping[str, GraphPlugin], needs: Sequence[Need]) -> GraphDrawing:
    """The drawing around one plugin: what needs it is above, and what it needs below.

    The nearest needs come first, as in `Plugin.dependencyGraph`: what comes last is left out if there is too much.
    """
    below = _reach(center, [(need.dependent, need.dependency) for need in needs])
    above = [name for name in _reach(center, [(n.dependency, n.dependent) for n in needs]) if name not in set(below)]
    shown_above, shown_below = above[:MAXIMUM_BOXES], below[:MAXIMUM_BOXES]
    rows = _rows(center, shown_above, shown_below, needs)
    more_above, more_below = len(above) - len(shown_above), len(below) - len(shown_below)
    top = MARGIN + (MORE_HEIGHT if more_above else 0)
    places, row_of, bottom = _place(rows, top)
    boxes = tuple(_box(plugins[name], x, y, is_center=name == center) for name, (x, y) in places.items())
    width_of_row = [sum(1 for each in row_of.values() if each == row) for row in range(len(set(row_of.values())))]
    arrows = tuple(
        Arrow(
            path=_path(places[need.dependent], places[need.dependency], _between(need, row_of, width_of_row)),
            is_satisfied=need.is_satisfied,
        )
        for need in needs
        if need.dependent in places and need.dependency in places and need.dependent != need.dependency
    )
    height = bottom + MARGIN + (MORE_HEIGHT if more_below else 0)
    return GraphDrawing(
        width=str(WIDTH),
        height=number(height),
        boxes=boxes,
        arrows=arrows,
        more_above=more_above,
        more_below=more_below,
        more_above_y=number(MORE_HEIGHT - 4),
        more_below_y=number(height - MARGIN + 2),
    )


def _reach(start: str, links: Iterable[tuple[str, str]]) -> list[str]:
    """The names that the links lead to from the start, the nearest first, without the start."""
    leads: dict[str, list[str]] = {}
    for origin, end in links:
        leads.setdefault(origin, []).append(end)
    found = [start]
    for name in found:  # which grows
        found.extend(dict.fromkeys(end for end in leads.get(name, ()) if end not in set(found)))
    return found[1:]


def _rows(center: str, above: Sequence[str], below: Sequence[str], needs: Sequence[Need]) -> list[Layers]:
    """The layers from top to bottom, each with its rows."""
    down = _layers(center, below, [(need.dependent, need.dependency) for need in needs])
    up = _layers(center, above, [(need.dependency, need.dependent) for need in needs])
    layers = [*reversed(up), [center], *down]
    return [[layer[at : at + COLUMNS] for at in range(0, len(layer), COLUMNS)] for layer in layers if layer]


def _layers(start: str, names: Sequence[str], links: Iterable[tuple[str, str]]) -> Layers:
    """The names by the longest way from the start, so that no link leads within a layer; a cycle is cut."""
    shown = {start, *names}
    leads = [(origin, end) for origin, end in links if {origin, end} <= shown and end != start]
    depth = dict.fromkeys(shown, 0)
    # The longest way has fewer steps than there are names; in a cycle, it is not followed any further.
    for _ in names:
        for origin, end in leads:
            if depth[end] <= depth[origin] < len(names):
                depth[end] = depth[origin] + 1
    order = sorted(names, key=lambda name: depth[name])
    return [[name for name in order if depth[name] == each] for each in sorted({depth[name] for name in names})]


def _place(layers: Sequence[Layers], top: float) -> tuple[dict[str, tuple[float, float]], dict[str, int], float]:
    """The middle of each box's upper edge, the number of its row, and where the last row ends."""
    places: dict[str, tuple[float, float]] = {}
    row_of: dict[str, int] = {}
    y, row = top, 0
    for layer in layers:
        for names in layer:
            left = (WIDTH - len(names) * BOX_WIDTH - (len(names) - 1) * GUTTER) / 2
            for column, name in enumerate(names):
                places[name] = (left + column * (BOX_WIDTH + GUTTER) + BOX_WIDTH / 2, y)
                row_of[name] = row
            y, row = y + BOX_HEIGHT + ROW_GAP, row + 1
        y += LAYER_GAP - ROW_GAP
    return places, row_of, y - LAYER_GAP


def _between(need: Need, row_of: Mapping[str, int], width_of_row: Sequence[int]) -> tuple[int, ...]:
    """How many boxes each row has that the arrow must pass."""
    first, last = row_of[need.dependent], row_of[need.dependency]
    return tuple(width_of_row[first + 1 : last])


def _path(start: tuple[float, float], end: tuple[float, float], between: Sequence[int]) -> str:
    """From the lower edge of one box to the upper edge of the other, around the boxes of the rows between them."""
    (x1, y1), (x2, y2) = (start[0], start[1] + BOX_HEIGHT), (end[0], end[1] - 4)
    bend = ROW_GAP - 4
    if y2 < y1:  # Only a cycle leads up.
        x = WIDTH - 3
        return f"M{number(x1)} {number(y1)} C{x} {number(y1 + bend)} {x} {number(y2 - bend)} {number(x2)} {number(y2)}"
    if not between:
        half = (y2 - y1) / 2
        curve = f"C{number(x1)} {number(y1 + half)} {number(x2)} {number(y2 - half)} {number(x2)} {number(y2)}"
        return f"M{number(x1)} {number(y1)} {curve}"
    lane = WIDTH / 2 if all(count == COLUMNS for count in between) else 3
    out = f"C{number(x1)} {number(y1 + bend)} {number(lane)} {number(y1)} {number(lane)} {number(y1 + bend)}"
    back = f"C{number(lane)} {number(y2)} {number(x2)} {number(y2 - bend)} {number(x2)} {number(y2)}"
    return f"M{number(x1)} {number(y1)} {out} L{number(lane)} {number(y2 - bend)} {back}"


def _box(plugin: GraphPlugin, x: float, y: float, *, is_center: bool) -> Box:
    return Box(
        plugin=plugin,
        label=shorten(plugin.label, LETTERS),
        detail=shorten(plugin.detail, DETAIL_LETTERS),
        x=number(x),
        label_y=number(y + (19 if plugin.detail else 27)),
        detail_y=number(y + 35),
        points=outline(_outline(plugin.state, x, y)),
        is_center=is_center,
    )


def _outline(state: State, x: float, y: float) -> list[tuple[float, float]]:
    """A rectangle; with cut corners if the version does not fit, and with pointed sides if the plugin is missing."""
    left, right, bottom = x - BOX_WIDTH / 2, x + BOX_WIDTH / 2, y + BOX_HEIGHT
    if state == "missing":
        middle = y + BOX_HEIGHT / 2
        inner_left, inner_right = left + CORNER, right - CORNER
        return [
            (left, middle),
            (inner_left, y),
            (inner_right, y),
            (right, middle),
            (inner_right, bottom),
            (inner_left, bottom),
        ]
    if state == "unfit":
        return [
            (left, y + CORNER),
            (left + CORNER, y),
            (right - CORNER, y),
            (right, y + CORNER),
            (right, bottom - CORNER),
            (right - CORNER, bottom),
            (left + CORNER, bottom),
            (left, bottom - CORNER),
        ]
    return [(left, y), (right, y), (right, bottom), (left, bottom)]
