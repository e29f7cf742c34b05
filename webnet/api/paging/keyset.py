"""Keyset pagination: orders of rows, the SQL condition for the rows after a given one, and opaque cursors.

SQLite and PostgreSQL can't use an index range for a condition such as `a > A OR (a = A AND id > N)`: they scan the
table. For the equivalent `a >= A AND NOT (a = A AND id <= N)` they can.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.db.models import Q
from graphql import GraphQLError

from webnet.api.errors import BadCursor
from webnet.api.vocabulary.scalars import read_instant, write_instant

LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """One column of an order; `path` as in a queryset's `order_by`, `kind` what its values are; never null."""

    path: str
    kind: type[str] | type[int] | type[datetime] = str
    is_descending: bool = False

    def read(self, row: object) -> Any:
        return reduce(getattr, self.path.split("__"), row)


@dataclass(frozen=True)
class Ordering:
    """A total order: the last key is unique, so that no two rows are equal."""

    keys: tuple[SortKey, ...]

    @property
    def name(self) -> str:
        """The name of the order, which its cursors contain: "-synced_at,name"."""
        return ",".join(("-" if key.is_descending else "") + key.path for key in self.keys)

    def terms(self, *, backwards: bool = False) -> list[str]:
        """What `order_by` takes."""
        return [("-" if key.is_descending != backwards else "") + key.path for key in self.keys]

    def place_of(self, row: object) -> list[Any]:
        """The row's values of the keys, as JSON."""
        return [_write(key.read(row)) for key in self.keys]

    def read_place(self, place: Sequence[Any]) -> list[Any] | None:
        """The place's values as Python objects; None if they don't fit the keys of this order."""
        if len(place) != len(self.keys):
            return None
        values = [_read(value, key.kind) for value, key in zip(place, self.keys, strict=True)]
        return None if None in values else values

    def beyond(self, values: Sequence[Any], *, backwards: bool = False, inclusive: bool = False) -> Q:
        """The rows after a place, or with `backwards` before it; with `inclusive`, also the row at the place."""
        last = len(self.keys) - 1
        first_key = self._compare(0, ">=" if last or inclusive else ">", values, backwards)
        condition = Q(**first_key)
        for index in range(1, last + 1):
            same = {key.path: value for key, value in zip(self.keys[:index], values, strict=False)}
            operator = "<" if index < last or inclusive else "<="
            condition &= ~Q(**same, **self._compare(index, operator, values, backwards))
        return condition

    def _compare(self, index: int, operator: str, values: Sequence[Any], backwards: bool) -> dict[str, Any]:  # noqa: FBT001 - private, beside its caller
        key = self.keys[index]
        lookups = _TURNED if key.is_descending != backwards else _LOOKUPS
        return {f"{key.path}__{lookups[operator]}": values[index]}


_LOOKUPS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_TURNED = {">": "lt", ">=": "lte", "<": "gt", "<=": "gte"}


def _write(value: Any) -> Any:
    return write_instant(value) if isinstance(value, datetime) else value


def _read(value: Any, kind: type) -> Any:
    if kind is datetime:
        return _read_instant(value)
    if isinstance(value, str):
        return value if kind is str and "\0" not in value else None
    is_integer = type(value) is int and kind is int  # to Python a bool is an int, too
    return value if is_integer and abs(value) <= LARGEST_INTEGER else None


def _read_instant(value: object) -> datetime | None:
    try:
        return read_instant(value)
    except GraphQLError:
        return None


def write_cursor(ordering: Ordering, row: object) -> str:
    """The cursor of the row in the order."""
    return write_place(ordering, ordering.place_of(row))


def write_place(ordering: Ordering, place: Sequence[Any]) -> str:
    """A cursor for a place; there need not be a row."""
    text = json.dumps([ordering.name, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(ordering: Ordering, cursor: str) -> list[Any]:
    """The values of the place; raises BadCursor unless the cursor was made by `write_cursor` for this order."""
    place = _decode(cursor)
    if not place or place[0] != ordering.name:
        raise BadCursor
    values = ordering.read_place(place[1:])
    if values is None:
        raise BadCursor
    return values


def _decode(cursor: str) -> list[Any]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor from None
    return place if isinstance(place, list) else []
