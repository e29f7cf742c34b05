"""JSON as text that keeps what was parsed: members in their order, and floats as floats, on every database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models

_read = json.JSONDecoder().raw_decode

if TYPE_CHECKING:
    # Django's fields take no parameters at run time.
    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField


def write_json(value: Any) -> str:
    """The value's text: floats as the shortest digits that give the same double, letters as they are.

    Raises ValueError for a number that JSON does not have (NaN, Infinity).
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_stored_json(text: str | None) -> Any:
    """The value of a column's text, as `json.loads` returns it; most of its time goes into looking for white space."""
    if text is None:
        return None
    try:
        value, end = _read(text)
    except ValueError:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)


def is_same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values have the same text; to Python's ==, 1, 1.0 and true would be one value."""
    return write_json(one) == write_json(other)


class JsonTextField(TextField):
    """A JSON value in a column of text.

    PostgreSQL's `jsonb` would return 1e20 as an integer, -0.0 as 0.0, and the members of objects in another order.
    """

    if TYPE_CHECKING:
        # What django-stubs reads the types of a column from.
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Any:
        return read_stored_json(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        # An expression, such as F(), is not a value.
        return value if value is None or hasattr(value, "resolve_expression") else write_json(value)

    def value_to_string(self, obj: models.Model) -> str:
        return write_json(self.value_from_object(obj))
