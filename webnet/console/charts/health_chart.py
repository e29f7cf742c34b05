"""The results of health checks over time: a lane for each status, their durations, and when nothing was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from webnet.console.charts.shapes import number, outline

WIDTH = 360
LEFT, RIGHT = 96, 348
LANE_HEIGHT = 24
TOP = 14
DURATION_HEIGHT = 60
GAP_BEFORE_DURATIONS = 22
AXIS_HEIGHT = 36
# The best first; each has a shape of its own, since colours alone say nothing.
STATUSES = ("HEALTHY", "DEGRADED", "UNHEALTHY", "UNKNOWN")
RADIUS = 4.5
# A pause between two checks is a gap if it is so many times as long as usual.
GAP_FACTOR = 3


@dataclass(frozen=True, kw_only=True)
class Check:
    """The result of a check."""

    status: str
    at: datetime
    duration_ms: float
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A check in its lane: a polygon of these points, or a circle if there are none."""

    check: Check
    x: str
    y: str
    points: str


@dataclass(frozen=True, kw_only=True)
class StatusLane:
    """The lane of a status."""

    status: str
    y: str
    text_y: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time in which nothing was checked, from one check to the next."""

    x: str
    middle: str
    width: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class HealthDrawing:
    """All that is drawn. `lines` has the durations, a line for each time without a gap; `longest_ms` is the highest."""

    width: str
    height: str
    left: str
    right: str
    lanes: tuple[StatusLane, ...]
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...]
    gap_height: str
    lines: tuple[str, ...]
    duration_top: str
    duration_bottom: str
    longest_ms: float
    begin_y: str
    end_y: str
    begin: datetime
    end: datetime


def draw_health(checks: Sequence[Check]) -> HealthDrawing | None:
    """The drawing of these checks, in any order; None without any."""
    if not checks:
        return None
    ordered = sorted(checks, key=lambda check: check.at)
    begin, end = ordered[0].at, ordered[-1].at
    seconds = (end - begin).total_seconds()

    def x_of(at: datetime) -> float:
        # A single moment is in the middle.
        share = (at - begin).total_seconds() / seconds if seconds else 0.5
        return LEFT + share * (RIGHT - LEFT)

    lanes_end = TOP + LANE_HEIGHT * len(STATUSES)
    top = lanes_end + GAP_BEFORE_DURATIONS
    bottom = top + DURATION_HEIGHT
    longest = max(check.duration_ms for check in ordered)
    runs = _split(ordered)
    gaps = tuple(
        Gap(
            x=number(x_of(before[-1].at)),
            middle=number((x_of(before[-1].at) + x_of(after[0].at)) / 2),
            width=number(x_of(after[0].at) - x_of(before[-1].at)),
            begin=before[-1].at,
            end=after[0].at,
        )
        for before, after in pairwise(runs)
    )
    lines = tuple(
        outline(
            _widen([(x_of(c.at), bottom - (c.duration_ms / longest if longest else 0) * DURATION_HEIGHT) for c in run])
        )
        for run in runs
    )
    return HealthDrawing(
        width=str(WIDTH),
        height=str(bottom + AXIS_HEIGHT),
        left=str(LEFT),
        right=str(RIGHT),
        lanes=tuple(
            StatusLane(status=status, y=number(_lane_y(status)), text_y=number(_lane_y(status) + 4))
            for status in STATUSES
        ),
        marks=tuple(_mark(check, x_of(check.at)) for check in ordered),
        gaps=gaps,
        gap_height=str(bottom),
        lines=lines,
        duration_top=str(top),
        duration_bottom=str(bottom),
        longest_ms=longest,
        # One below the other: two dates are wider than the drawing.
        begin_y=str(bottom + 15),
        end_y=str(bottom + 30),
        begin=begin,
        end=end,
    )


def _split(checks: Sequence[Check]) -> list[list[Check]]:
    """The checks in runs without a gap; a few checks have no usual pause, and no gap."""
    pauses = [(after.at - before.at).total_seconds() for before, after in pairwise(checks)]
    usual = median(pauses) if len(pauses) > 1 else 0
    runs = [[checks[0]]]
    for check, pause in zip(checks[1:], pauses, strict=True):
        if usual and pause > GAP_FACTOR * usual:
            runs.append([])
        runs[-1].append(check)
    return runs


def _widen(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A single point as a short line, which can be seen."""
    if len(points) > 1:
        return points
    [(x, y)] = points
    return [(x - 2, y), (x + 2, y)]


def _lane_y(status: str) -> float:
    return TOP + LANE_HEIGHT * (STATUSES.index(status) + 0.5)


def _mark(check: Check, x: float) -> Mark:
    y, r = _lane_y(check.status), RADIUS
    shapes = {
        "HEALTHY": [],
        "DEGRADED": [(x, y - r), (x + r, y + r), (x - r, y + r)],
        "UNHEALTHY": [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
        "UNKNOWN": [(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
    }
    return Mark(check=check, x=number(x), y=number(y), points=outline(shapes[check.status]))
