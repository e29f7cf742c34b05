"""The drawings of the console: where everything is, what is left out, and that each says the same without colours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from webnet.console.charts.dependency_graph import (
    BOX_HEIGHT,
    MAXIMUM_BOXES,
    WIDTH,
    GraphDrawing,
    GraphPlugin,
    Need,
    draw_dependencies,
)
from webnet.console.charts.health_chart import Check, HealthDrawing, draw_health
from webnet.console.charts.shapes import shorten

SVG = "{http://www.w3.org/2000/svg}"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def draw(center: str, *needs: tuple[str, str], **plugins: Any) -> GraphDrawing:
    names = {center} | {name for need in needs for name in need}
    known = {name: GraphPlugin(name=name, label=name, **plugins.get(name, {})) for name in names}
    return draw_dependencies(
        center, known, [Need(dependent=dependent, dependency=needed) for dependent, needed in needs]
    )


def rows(drawing: GraphDrawing) -> list[list[str]]:
    """The names from top to bottom, those of one height together."""
    found: dict[float, list[str]] = {}
    for box in drawing.boxes:
        found.setdefault(float(box.label_y), []).append(box.plugin.name)
    return [sorted(found[y]) for y in sorted(found)]


def ends(path: str) -> tuple[float, float]:
    """The heights at which a path begins and ends."""
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", path)]
    return numbers[1], numbers[-1]


def parse(svg: str) -> ElementTree.Element:
    named = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return ElementTree.fromstring(named)  # noqa: S314 - our own template wrote it


def test_what_needs_it_is_above_and_what_it_needs_below_by_the_longest_way():
    drawing = draw("map", ("map", "inventory"), ("inventory", "base"), ("map", "base"), ("tour", "map"))

    assert rows(drawing) == [["tour"], ["map"], ["inventory"], ["base"]]
    assert [box.plugin.name for box in drawing.boxes if box.is_center] == ["map"]


def test_every_arrow_leads_down_to_the_upper_edge_of_what_is_needed():
    drawing = draw("a", ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d"), ("x", "a"), ("y", "x"), ("y", "a"))

    heights = [ends(arrow.path) for arrow in drawing.arrows]

    assert len(heights) == 8
    assert all(begin < end for begin, end in heights)


def test_a_cycle_ends_and_is_drawn():
    drawing = draw("egg", ("egg", "hen"), ("hen", "egg"))

    assert rows(drawing) == [["egg"], ["hen"]]
    assert [begin < end for begin, end in (ends(arrow.path) for arrow in drawing.arrows)] == [True, False]
    assert len(draw("self", ("self", "self")).boxes) == 1


@pytest.mark.parametrize("count", [1, MAXIMUM_BOXES, 200])
def test_a_drawing_has_an_end_however_many_there_are(count):
    needs = [(f"user_{n:03}", "core") for n in range(count)] + [("core", f"part_{n:03}") for n in range(count)]

    drawing = draw("core", *needs)

    assert len(drawing.boxes) == 2 * min(count, MAXIMUM_BOXES) + 1
    assert drawing.more_above == drawing.more_below == max(count - MAXIMUM_BOXES, 0)
    assert float(drawing.height) < 20 * BOX_HEIGHT + 600
    points = [float(x) for box in drawing.boxes for x in re.findall(r"([\d.]+),", box.points)]
    assert min(points) >= 0 and max(points) <= WIDTH


def test_no_two_boxes_are_at_the_same_place():
    drawing = draw("core", *[(f"user_{n}", "core") for n in range(9)])

    assert len({(box.x, box.label_y) for box in drawing.boxes}) == 10


def test_a_long_chain_of_plugins_is_drawn_from_the_nearest():
    chain = [(f"p{n:03}", f"p{n + 1:03}") for n in range(200)]

    drawing = draw("p000", *chain)

    assert [box.plugin.name for box in drawing.boxes] == [f"p{n:03}" for n in range(MAXIMUM_BOXES + 1)]
    assert drawing.more_below == 200 - MAXIMUM_BOXES


def test_what_is_missing_or_does_not_fit_has_an_outline_and_a_text_of_its_own():
    drawing = draw(
        "a",
        ("a", "fine"),
        ("a", "gone"),
        ("a", "old"),
        gone={"state": "missing", "detail": "not available"},
        old={"state": "unfit", "detail": "1.0, does not fit"},
    )

    corners = {box.plugin.name: (box.points.count(","), box.detail) for box in drawing.boxes}

    assert corners == {"a": (4, ""), "fine": (4, ""), "gone": (6, "not available"), "old": (8, "1.0, does not fit")}


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("Site map", 8, "Site map"),
        ("Site maps", 8, "Site ma…"),
        ("Site of it", 6, "Site…"),
        ("網路地圖", 8, "網路地圖"),
        ("網路地圖", 7, "網路地…"),
        ("e\u0301" * 3, 3, "e\u0301" * 3),
        ("قاعدة البيانات", 6, "قاعدة…"),
    ],
)
def test_a_long_name_is_shortened_by_its_width(text, width, short):
    assert shorten(text, width) == short


def test_the_graph_is_svg_with_links_full_names_and_escaped_texts():
    name = "A <b>very</b> long & winding name"
    drawing = draw_dependencies(
        "a",
        {
            "a": GraphPlugin(name="a", label="A", address="/plugins/a/"),
            "b": GraphPlugin(name="b", label=name, detail="1.0", address="/plugins/b/"),
            "c": GraphPlugin(name="c", label="c", detail="not available", state="missing"),
        },
        [Need(dependent="a", dependency="b"), Need(dependent="a", dependency="c", is_satisfied=False)],
    )

    text = render_to_string("webnet/charts/dependency_graph.html", {"graph": drawing, "title": "What <A> needs"})

    svg = parse(text)
    [link] = svg.findall(f"{SVG}a")
    assert (link.get("href"), link.get("aria-label"), link.findtext(f"{SVG}title")) == (
        "/plugins/b/",
        # What is seen comes first, for those who say it to a computer.
        f"A <b>very</b> long…, 1.0: {name}, 1.0",
        f"{name}, 1.0",
    )
    assert link.find(f"{SVG}text").text == "A <b>very</b> long…"
    # The title of the whole names it for screen readers.
    assert svg.find(f"{SVG}title").text == "What <A> needs"
    assert svg.get("aria-labelledby") == svg.find(f"{SVG}title").get("id")
    assert [path.get("stroke-dasharray") for path in svg.findall(f"{SVG}path")] == [None, "5 4"]
    assert " style=" not in text and "<b>" not in text


def check(minutes: float, status: str = "HEALTHY", duration_ms: float = 10, message: str = "") -> Check:
    return Check(status=status, at=NOW + timedelta(minutes=minutes), duration_ms=duration_ms, message=message)


def draw_checks(*checks: Check) -> HealthDrawing:
    drawing = draw_health(checks)
    assert drawing is not None
    return drawing


def test_there_is_nothing_to_draw_without_a_check():
    assert draw_health([]) is None


def test_checks_are_in_the_order_of_their_times_each_in_the_lane_of_its_status():
    drawing = draw_checks(check(20, "UNKNOWN"), check(10, "UNHEALTHY"), check(5, "DEGRADED"), check(0))

    lanes = {lane.y: lane.status for lane in drawing.lanes}
    assert [lanes[mark.y] for mark in drawing.marks] == ["HEALTHY", "DEGRADED", "UNHEALTHY", "UNKNOWN"]
    assert [mark.x for mark in drawing.marks] == [drawing.left, "159", "222", drawing.right]
    # A circle, a triangle, a square and a diamond.
    assert [mark.points.count(",") for mark in drawing.marks] == [0, 3, 4, 4]
    assert len({mark.points.partition(" ")[0] for mark in drawing.marks}) == 4


def test_a_pause_that_is_much_longer_than_usual_is_a_gap_without_a_line():
    drawing = draw_checks(*map(check, (0, 1, 2, 12, 13)))

    [gap] = drawing.gaps
    assert (gap.begin, gap.end) == (NOW + timedelta(minutes=2), NOW + timedelta(minutes=12))
    assert [line.count(",") for line in drawing.lines] == [3, 2]


def test_checks_at_usual_times_have_no_gap():
    assert draw_checks(*map(check, (0, 1, 3, 4, 6))).gaps == ()
    assert draw_checks(check(0), check(60)).gaps == ()


def test_the_longest_check_reaches_the_top_and_none_takes_no_time():
    drawing = draw_checks(check(0, duration_ms=0), check(1, duration_ms=80), check(2, duration_ms=40))

    [line] = drawing.lines
    bottom, top = drawing.duration_bottom, drawing.duration_top
    assert [point.split(",")[1] for point in line.split()] == [bottom, top, str((int(bottom) + int(top)) // 2)]
    assert drawing.longest_ms == 80


@pytest.mark.parametrize("durations", [(0.0,), (5.0,), (0.0, 0.0)])
def test_a_single_check_or_moment_is_drawn_in_the_middle(durations):
    drawing = draw_checks(*(check(0, duration_ms=each) for each in durations))

    assert {mark.x for mark in drawing.marks} == {"222"}
    assert all("nan" not in line and line.count(",") == 2 for line in drawing.lines)


def test_the_chart_is_an_image_with_a_text_that_is_the_same_in_every_language():
    drawing = draw_checks(check(0, message="<Fine> & well."), check(1, "UNHEALTHY", 1234.5, message="Not so well."))
    context = {"chart": drawing, "title": "2 checks of <it>"}

    texts = {}
    for language in ("en", "de"):
        with translation.override(language):
            texts[language] = render_to_string("webnet/charts/health_chart.html", context)

    svg = parse(texts["en"])
    assert (svg.get("role"), svg.find(f"{SVG}title").text) == ("img", "2 checks of <it>")
    assert "<Fine> & well." in svg.find(f"{SVG}circle").findtext(f"{SVG}title")
    # In German a decimal comma would move every point.
    assert set(re.findall(r'points="[^"]*"', texts["en"])) == set(re.findall(r'points="[^"]*"', texts["de"]))
    assert " style=" not in texts["en"]
