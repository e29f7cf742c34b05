"""Which page of an order a request asks for (Relay Cursor Connections), and what every page tells of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import strawberry
from django.db.models import Model, QuerySet

from webnet.api.errors import BadPage
from webnet.api.paging.cursors import read_cursor
from webnet.api.paging.keyset import Ordering

Row = TypeVar("Row", bound=Model)

DEFAULT_PAGE = 50
LARGEST_PAGE = 100


@strawberry.type(description="Relay's page.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Edge(NamedTuple):
    """A row and where it stands."""

    cursor: str
    node: Any


@dataclass(frozen=True, kw_only=True)
class PageArguments:
    """What a connection field was given; None is what is missing, or null."""

    filter: Any = None
    order: Sequence[Any] | None = None
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """Which page of an order is asked for; `after` and `before` are places in it."""

    size: int
    backwards: bool
    after: Sequence[Any] | None
    before: Sequence[Any] | None

    @classmethod
    def read(cls, ordering: Ordering, arguments: PageArguments) -> PageRequest:
        """The page that `first`, `after`, `last` and `before` ask for."""
        first, last = arguments.first, arguments.last
        if first is not None and last is not None:
            raise BadPage("Give 'first' or 'last', not both.")
        wanted = last if last is not None else first
        if wanted is not None and wanted < 0:
            raise BadPage("'first' and 'last' can't be negative.")
        return cls(
            size=DEFAULT_PAGE if wanted is None else min(wanted, LARGEST_PAGE),
            backwards=last is not None,
            after=_read_place(ordering, arguments.after),
            before=_read_place(ordering, arguments.before),
        )

    @property
    def limit(self) -> int:
        """How many rows to read: one more than are shown, to see whether there are more."""
        return self.size + 1

    def cut(self, rows: QuerySet[Row], ordering: Ordering) -> QuerySet[Row]:
        """The rows within the places, in the order they are to be read."""
        if self.after is not None:
            rows = rows.filter(ordering.beyond(self.after))
        if self.before is not None:
            rows = rows.filter(ordering.beyond(self.before, backwards=True))
        return rows.order_by(*ordering.terms(backwards=self.backwards))

    def behind(self, rows: QuerySet[Row], ordering: Ordering) -> QuerySet[Row] | None:
        """The rows that the page has left behind, against its direction; None where it starts at the end."""
        place = self.before if self.backwards else self.after
        if place is None:
            return None
        return rows.filter(ordering.beyond(place, backwards=not self.backwards, inclusive=True))


def _read_place(ordering: Ordering, cursor: str | None) -> Sequence[Any] | None:
    return read_cursor(ordering, cursor) if cursor is not None else None
