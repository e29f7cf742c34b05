"""Keyset pagination: orders of rows, the SQL condition for the rows after a given one, and their cursors.

SQLite and PostgreSQL can't use an index range for a condition such as `a > A OR (a = A AND id > N)`: they scan the
table. For the equivalent `a >= A AND NOT (a = A AND id <= N)` they can.

SQLite takes NULL for the smallest value and PostgreSQL for the largest, so orders say where it goes: last, in either
direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.duration import duration_iso_string
from graphql import GraphQLError

from webnet.api.errors import BadCursor
from webnet.api.paging import cursors
from webnet.api.vocabulary.columns import describe_misfit
from webnet.api.vocabulary.scalars import (
    read_date,
    read_decimal,
    read_duration,
    read_instant,
    read_time,
    write_instant,
)
from webnet.values.storable_values import LARGEST_INTEGER, SMALLEST_INTEGER, is_storable_text

# What is read for a value that does not fit its key; None is a value.
MISFIT = object()


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """One column of an order; `path` as in a queryset's `order_by`, `kind` what its values are.

    `column` is the model's field, whose limits a cursor has to keep.
    """

    path: str
    kind: type = str
    is_descending: bool = False
    is_nullable: bool = False
    column: Any = None

    def value_of(self, row: object) -> Any:
        """The row's value."""
        return reduce(getattr, self.path.split("__"), row)

    def term(self, *, backwards: bool) -> Any:
        """What `order_by` takes."""
        is_descending = self.is_descending != backwards
        if not self.is_nullable:
            return ("-" if is_descending else "") + self.path
        ends: dict[str, Any] = {"nulls_first": True} if backwards else {"nulls_last": True}
        return F(self.path).desc(**ends) if is_descending else F(self.path).asc(**ends)

    def write(self, value: Any) -> Any:
        """The value as JSON."""
        return value if value is None else _WRITERS.get(self.kind, _keep)(value)

    def read(self, value: Any) -> Any:
        """The value of a cursor; MISFIT if no row can have it."""
        if value is None:
            return None if self.is_nullable else MISFIT
        try:
            found = _READERS[self.kind](value)
        except (GraphQLError, ValueError, AttributeError):
            return MISFIT
        return MISFIT if self.column is not None and describe_misfit(self.column, found) else found

    def same(self, value: Any) -> Q:
        """The rows with this value."""
        if value is None:
            return Q(**{f"{self.path}__isnull": True})
        return self._with_value(Q(**{self.path: value}))

    def beyond(self, value: Any, *, backwards: bool, inclusive: bool) -> Q:
        """The rows after those with this value, or with `inclusive` also these."""
        is_null = Q(**{f"{self.path}__isnull": True})
        if value is None and backwards:
            return Q() if inclusive else ~is_null
        if value is None:
            return is_null if inclusive else Q(pk__in=())
        lookup = ("lt" if self.is_descending != backwards else "gt") + ("e" if inclusive else "")
        condition = self._with_value(Q(**{f"{self.path}__{lookup}": value}))
        return condition | is_null if self.is_nullable and not backwards else condition

    def _with_value(self, condition: Q) -> Q:
        # In SQL, NOT (NULL = 1) is not true. Django adds this by itself, but not for generated columns.
        return condition & Q(**{f"{self.path}__isnull": False}) if self.is_nullable else condition


@dataclass(frozen=True)
class Ordering:
    """A total order: the last key is unique, so that no two rows are equal.

    `marks` are columns that don't order rows, but by which the row of a cursor is recognised; they end its place.
    """

    keys: tuple[SortKey, ...]
    marks: tuple[SortKey, ...] = ()

    @property
    def name(self) -> str:
        """The name of the order, which its cursors are bound to: "-synced_at,name"."""
        return ",".join(("-" if key.is_descending else "") + key.path for key in self.keys)

    def terms(self, *, backwards: bool = False) -> list[Any]:
        """What `order_by` takes."""
        return [key.term(backwards=backwards) for key in self.keys]

    def place_of(self, row: object) -> list[Any]:
        """The row's values of the keys and marks, as JSON."""
        return [key.write(key.value_of(row)) for key in (*self.keys, *self.marks)]

    def read_place(self, place: Sequence[Any]) -> list[Any] | None:
        """The place's values as Python objects; None if they don't fit the keys of this order."""
        keys = (*self.keys, *self.marks)
        if len(place) != len(keys):
            return None
        values = [key.read(value) for value, key in zip(place, keys, strict=True)]
        return None if MISFIT in values else values

    def beyond(self, values: Sequence[Any], *, backwards: bool = False, inclusive: bool = False) -> Q:
        """The rows after a place, or with `backwards` before it; with `inclusive`, also the row at the place."""
        last = len(self.keys) - 1
        condition = self.keys[0].beyond(values[0], backwards=backwards, inclusive=bool(last) or inclusive)
        same = Q()
        for index in range(1, last + 1):
            same &= self.keys[index - 1].same(values[index - 1])
            is_at_end = index == last and not inclusive
            condition &= ~(same & self.keys[index].beyond(values[index], backwards=not backwards, inclusive=is_at_end))
        return condition


def _keep(value: Any) -> Any:
    return value


def _read_text(value: Any) -> str:
    if isinstance(value, str) and is_storable_text(value):
        return value
    raise ValueError


def _read_integer(value: Any) -> int:
    # Its type, since to Python a bool is an int, too.
    if type(value) is int and SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return value
    raise ValueError


def _read_decimal_text(value: Any) -> Decimal:
    return read_decimal(_read_text(value))


def _read_as(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise ValueError

    return read


# Other kinds of values are JSON already.
_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    datetime: write_instant,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: duration_iso_string,
    Decimal: str,
    UUID: str,
}
# Each raises GraphQLError, ValueError or AttributeError for what it can't read.
_READERS: Mapping[type, Callable[[Any], Any]] = {
    str: _read_text,
    int: _read_integer,
    float: _read_as(float),
    bool: _read_as(bool),
    datetime: read_instant,
    date: read_date,
    time: read_time,
    timedelta: read_duration,
    Decimal: _read_decimal_text,
    UUID: UUID,
}


def write_cursor(ordering: Ordering, row: object, *, view: str) -> str:
    """The cursor of the row in the order; `view` is the customer's slug, empty in the platform's view."""
    return cursors.seal(ordering.place_of(row), view=view, order=ordering.name)


def read_cursor(ordering: Ordering, cursor: str, *, view: str) -> list[Any]:
    """The values of the place; raises BadCursor unless `write_cursor` made it for this order and view."""
    values = ordering.read_place(cursors.unseal(cursor, view=view, order=ordering.name))
    # A cursor from before an upgrade may not fit a column that the upgrade has changed.
    if values is None:
        raise BadCursor
    return values
