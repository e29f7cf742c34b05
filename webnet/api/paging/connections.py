"""Pages of rows: Relay Cursor Connections over keysets, 50 rows unless asked otherwise and never more than 100."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from django.db.models import Model, QuerySet

from webnet.api.paging.cursors import write_cursor, write_place
from webnet.api.paging.keyset import Ordering
from webnet.api.paging.page_request import Edge, PageArguments, PageRequest
from webnet.api.paging.scan_window import Stretch, find_stretch

Row = TypeVar("Row", bound=Model)
Row_co = TypeVar("Row_co", bound=Model, covariant=True)


def ignore(rows: Sequence[Any]) -> None:
    """For listings whose rows nobody needs to meet."""


@dataclass(frozen=True, kw_only=True)
class Listing(Generic[Row]):
    """All rows that can be paged through, in their order; `meet` is told of the rows that were read.

    `among` are those that have to be read to find them, where no index does: a page then has a reach.
    """

    rows: QuerySet[Row]
    ordering: Ordering
    meet: Callable[[Sequence[Row]], None] = ignore
    among: QuerySet[Row] | None = None

    def stretch_of(self, request: PageRequest) -> Stretch | None:
        """What a page looks through; None where it can look through all."""
        return None if self.among is None else find_stretch(request, self.among)

    @property
    def behind(self) -> QuerySet[Row]:
        """Where a page looks for what it has left behind: of a search, all that could have been found."""
        return self.rows if self.among is None else self.among


class Source(Protocol[Row_co]):
    """Where a page's rows come from; each is read only when it is asked for."""

    def rows(self) -> Sequence[Row_co]: ...

    def count(self) -> int: ...

    def has_rows_behind(self) -> bool: ...

    def end(self) -> int | None:
        """Where a look with a reach stopped while there was more to look through."""


class Page(Generic[Row]):
    """One page, as the connection types read it."""

    def __init__(self, source: Source[Row], ordering: Ordering, request: PageRequest) -> None:
        self._source = source
        self._ordering = ordering
        self._request = request

    @cached_property
    def edges(self) -> list[Edge]:
        """The rows of the page in the order's own direction, whichever way it was read."""
        rows = self._source.rows()[: self._request.size]
        in_order = reversed(rows) if self._request.backwards else rows
        return [Edge(write_cursor(self._ordering, row), row) for row in in_order]

    @property
    def page_info(self) -> Page[Row]:
        """The page itself, read as a `PageInfo`; a field costs a statement only where it is asked for."""
        return self

    @property
    def has_next_page(self) -> bool:
        return self._has_behind if self._request.backwards else self._has_more

    @property
    def has_previous_page(self) -> bool:
        return self._has_more if self._request.backwards else self._has_behind

    @property
    def start_cursor(self) -> str | None:
        return self._cursors[0] if self._cursors else None

    @property
    def end_cursor(self) -> str | None:
        return self._cursors[-1] if self._cursors else None

    @property
    def total_count(self) -> int:
        return self._source.count()

    @cached_property
    def _has_behind(self) -> bool:
        return self._source.has_rows_behind()

    @cached_property
    def _stopped(self) -> int | None:
        is_full = len(self._source.rows()) > self._request.size
        return None if is_full else self._source.end()

    @property
    def _has_more(self) -> bool:
        return len(self._source.rows()) > self._request.size or self._stopped is not None

    @property
    def _cursors(self) -> list[str]:
        """Those of the rows; where a look stopped, there is one without a row to go on from."""
        cursors = [edge.cursor for edge in self.edges]
        if self._stopped is None:
            return cursors
        stopped = write_place(self._ordering, [self._stopped])
        return [stopped, *cursors] if self._request.backwards else [*cursors, stopped]


class NoRows(Source[Any]):
    """Of a page that has none, without a look into the database."""

    def rows(self) -> Sequence[Any]:
        return ()

    def count(self) -> int:
        return 0

    def has_rows_behind(self) -> bool:
        return False

    def end(self) -> int | None:
        return None


def empty_page(ordering: Ordering) -> Page[Any]:
    """A page of no rows."""
    return Page(NoRows(), ordering, PageRequest.read(ordering, PageArguments()))
