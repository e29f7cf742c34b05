"""How data without a drawing of its own is shown."""

import pytest

from webnet.console.dashboard.widget_shapes import Shape, shape


@pytest.mark.parametrize(
    ("data", "drawn"),
    [
        ("Hello", Shape(kind="text", rows=("Hello",))),
        ("", Shape(kind="text", rows=())),
        (None, Shape(kind="text", rows=("-",))),
        (True, Shape(kind="text", rows=("yes",))),
        (1.5, Shape(kind="text", rows=("1.5",))),
        ({}, Shape(kind="pairs", rows=())),
        ({"in_service": 3, "": {"a": ["é"]}}, Shape(kind="pairs", rows=(("In service", "3"), ("", '{"a": ["é"]}')))),
        ([], Shape(kind="list", rows=())),
        (["a", 1, {"b": 2}], Shape(kind="list", rows=("a", "1", '{"b": 2}'))),
        (
            [{"name": "r1", "up": True}, {"name": "r2", "site": None}],
            Shape(kind="table", columns=("Name", "Up", "Site"), rows=(("r1", "yes", "-"), ("r2", "-", "-"))),
        ),
    ],
)
def test_each_shape(data: object, drawn: Shape) -> None:
    assert shape(data) == drawn


def test_long_data_is_cut_and_says_how_much_is_missing() -> None:
    for data in ([1] * 60, [{"a": 1}] * 60, {str(n): n for n in range(60)}):
        drawn = shape(data)

        assert (len(drawn.rows), drawn.left_out) == (50, 10)
