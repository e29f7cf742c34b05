"""What a setting is called: the titles from the outside to it."""

from __future__ import annotations

from webnet.console.settings_form.hints import label_of
from webnet.console.settings_form.shapes import FieldShape, Kind, Shapes
from webnet.plugins.schema.walk import split_pointer

BETWEEN = " › "  # noqa: RUF001 - as between the steps of a path


def find_label(shapes: Shapes | None, path: str) -> str:
    """The titles of the places that the pointer leads through; the pointer itself if no schema has such a place."""
    if shapes is None:
        return path
    labels: list[str] = []
    shape: FieldShape | None = shapes.top()
    for segment in split_pointer(path):
        found = _find_inner(shapes, shape, segment) if shape is not None else None
        if found is None:
            return path
        label, shape = found
        labels.append(label)
    return BETWEEN.join(labels) or path


def _find_inner(shapes: Shapes, shape: FieldShape, segment: str) -> tuple[str, FieldShape | None] | None:
    """The label and the shape of what has this name in a place, None for a shape that the schema does not say."""
    if shape.kind is Kind.CHOICE:
        found = (_find_inner(shapes, branch, segment) for branch in shape.branches)
        return next((each for each in found if each is not None), None)
    if segment in shape.members:
        inner = shapes.member(shape, segment)
        return label_of(segment, inner), inner
    if shape.kind is Kind.ARRAY and segment.isdecimal():
        inner = shapes.item(shape)
        return f"{inner.title} {int(segment) + 1}".strip(), inner
    if shape.kind is Kind.OBJECT and shape.others is not None:
        # The title of others is that of all of them.
        return segment, shapes.other(shape)
    return (segment, shape) if shape.kind is Kind.JSON else None
