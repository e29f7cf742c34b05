"""`make bench`: that blocks are interleaved, ratios those of the same rounds, and tables as they should be."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from itertools import islice

import pytest

from benchmarks.bench import growth
from benchmarks.bench.__main__ import parse_arguments
from benchmarks.bench.cases import NAMES, Places, requests_of_bare, requests_of_webnet
from benchmarks.bench.drawing import Curve, draw, find_step
from benchmarks.bench.report import write_table
from benchmarks.bench.sizes import Sizes
from benchmarks.bench.timing import PROCESSOR, WALL, Answer, Block, Cell, Ratio, find_ratio, measure
from tests import interpreters
from tests.databases import one_database_is_enough, with_files_of_its_own
from tests.servers import ROOT

pytestmark = one_database_is_enough

PLACES = Places(customer_id=8, cursor="c", position=50)


class FakeTarget:
    """Answers at once, and says that it took as long as it is told."""

    def __init__(self, name, *, ms=1.0, cases=("q1",), answer=None, log=None):
        self.name, self.base, self.cases = name, "bare", cases
        self.ms, self.answer = ms, answer or Answer(200, '{"data":{}}', ("SELECT 1",))
        self.log = [] if log is None else log

    def probe(self, case):
        return self.answer

    def time(self, case, seconds):
        self.log.append((case, self.name))
        return Block([self.ms, self.ms], 2 * self.ms)


def make_cell(*figures, statements=2):
    cell = Cell(statements, 100)
    for figure in figures:
        cell.add(Block([figure], figure))
    return cell


def test_a_ratio_is_that_of_figures_of_the_same_round():
    slow_in_the_second_round = make_cell(2.0, 20.0, 2.0)

    ratio = find_ratio(slow_in_the_second_round, make_cell(1.0, 10.0, 1.0), WALL)

    assert ratio == Ratio(2.0, 2.0, 2.0)


def test_the_spread_is_that_of_the_quartiles():
    ratio = find_ratio(make_cell(1.0, 2.0, 3.0, 4.0, 5.0), make_cell(*[1.0] * 5), PROCESSOR)

    assert ratio == Ratio(3.0, 2.0, 4.0)


def test_without_a_bare_view_there_is_no_ratio():
    assert find_ratio(make_cell(1.0), None, PROCESSOR) is None


def test_processor_time_is_divided_by_the_requests():
    cell = Cell(None, 0)

    cell.add(Block([1.0, 9.0, 2.0], 6.0))

    assert (cell.median_ms(WALL), cell.median_ms(PROCESSOR), cell.requests) == (2.0, 2.0, 3)


def test_each_round_has_a_block_of_every_target_in_every_case():
    log, cases = [], ("q1", "m1")
    targets = [FakeTarget(name, cases=cases, log=log) for name in ("webnet", "bare")]

    cells = measure(targets, cases, rounds=3, seconds=0)

    each_once = Counter((case, target.name) for case in cases for target in targets)
    blocks = [log[4 * number : 4 * number + 4] for number in range(4)]  # The first ones warm up.
    assert [Counter(block) for block in blocks] == [each_once] * 4
    assert {len(cell.rounds[WALL]) for cell in cells.values()} == {3}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, "{}"),
        Answer(200, '{"data":null,"errors":[{"message":"no"}]}'),
        Answer(200, '{"data":{"enableCustomerPlugin":{"code":"NOT_FOUND","message":"no"}}}'),
    ],
    ids=["status", "errors", "refusal"],
)
def test_what_is_no_answer_is_not_timed_and_said(answer, capsys):
    refusing = FakeTarget("webnet", answer=answer)

    cells = measure([refusing, FakeTarget("bare")], ["q1"], rounds=1, seconds=0)

    assert set(cells) == {("bare", "q1")}
    assert refusing.log == []
    assert "left out: webnet q1" in capsys.readouterr().err


def test_the_table_has_ratios_spreads_and_what_is_to_be_reached():
    targets = [FakeTarget("webnet", cases=("q1", "m1")), FakeTarget("bare"), FakeTarget("drf")]
    cells = {
        ("webnet", "q1"): make_cell(2.0, 4.0),
        ("bare", "q1"): make_cell(1.0, 1.0),
        ("webnet", "m1"): make_cell(3.0, 3.0, statements=13),
        ("bare", "m1"): make_cell(1.0, 1.0),
    }

    table = write_table("sqlite", targets, cells, PROCESSOR)

    assert "| **webnet** | 3.00 (2.50–3.50) · 3.00 ms · 2 | 3.00 (3.00–3.00) · 3.00 ms · 13 |" in table
    assert "| bare | 1.00 · 1.00 ms · 2 | 1.00 · 1.00 ms · 2 |" in table
    assert "| drf | – | – |" in table
    assert "| *to reach* | ≤ 2.5 | ≤ 4, ≤ 12 statements |" in table
    # The second one is fast enough, but has a statement too many.
    assert "| *reached* | **no**, 3.00 | **no**, 3.00 |" in table


def test_the_deep_page_is_compared_with_the_first_one():
    cells = {
        ("webnet", "q2"): make_cell(10.0),
        ("webnet", "q2k"): make_cell(11.0),
        ("bare", "q2k"): make_cell(1.0),
    }

    table = write_table("sqlite", [FakeTarget("webnet")], cells, WALL)

    assert table.count("yes, 1.10") == 1


@pytest.mark.parametrize("requests_of", [requests_of_webnet, requests_of_bare])
def test_a_toggle_ends_as_it_began(requests_of):
    first, second, third = islice(requests_of("m1", Sizes(), PLACES), 3)

    assert first == third != second


def test_an_answer_that_was_kept_is_measured_only_where_that_is_the_case():
    asked = {case: [each.body for each in islice(requests_of_webnet(case, Sizes(), PLACES), 2)] for case in NAMES}

    assert {case for case, (first, second) in asked.items() if first != second} == {"q1", "q3", "m1"}


def test_the_drawing_has_a_named_line_through_all_points():
    drawn = draw([Curve("Q1 & Q2", [(0, 1.0), (10, 2.0), (1_000, 3.0)])], title="T", across="rows", up="ms")

    assert "Q1 &amp; Q2" in drawn
    places = [tuple(map(float, each.split(","))) for each in re.findall(r'points="([^"]+)"', drawn)[0].split()]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    assert all(f">{size}</text>" in drawn for size in ("0", "10", "1,000"))


@pytest.mark.parametrize(("highest", "expected"), [(0.7, 0.1), (7.9, 1.0), (9.0, 2.0), (35.0, 5.0), (160.0, 20.0)])
def test_the_axis_has_round_numbers(highest, expected):
    assert find_step(highest) == pytest.approx(expected)


def test_growth_is_drawn_for_each_thing_that_grows(tmp_path):
    found = {"webnet": dict.fromkeys(NAMES, 2.0), "bare": dict.fromkeys(NAMES, 1.0)}

    paths = growth.draw_all({"plugins": {10: found, 20: found}, "audit_rows": {0: found}}, tmp_path)

    assert [path.name for path in paths] == ["growth-plugins.svg", "growth-audit-rows.svg"]
    assert all(path.read_text().startswith("<svg") for path in paths)


def test_the_short_form_is_smaller_unless_it_is_said_how_large():
    short = parse_arguments(["--short", "--plugins", "60"])

    assert (short.plugins, short.audit_rows < Sizes().audit_rows) == (60, True)


@with_files_of_its_own
@pytest.mark.slow
def test_it_measures_webnet_beside_the_bare_views(tmp_path):
    options = "--plugins 5 --customers 8 --audit-rows 60 --rounds 1 --seconds 0 --doors process --databases sqlite"
    output = tmp_path / "figures.json"

    done = interpreters.run(
        ["-m", "benchmarks.bench", *options.split(), "--output", str(output)],
        environment=os.environ,
        folder=ROOT,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    (run,) = json.loads(output.read_text())["runs"]
    measured = {(row["target"], row["case"]): row for row in run["figures"]}
    assert set(measured) == {(target, case) for target in ("webnet", "bare", "sql") for case in NAMES}
    assert {case: measured["bare", case]["statements"] for case in ("q1", "q2", "m1")} == {"q1": 2, "q2": 1, "m1": 5}
    assert done.stdout == f"\n\n{output.with_suffix('.md').read_text()}"
