"""Pages of rows: Relay Cursor Connections over keysets, 50 rows unless asked otherwise and never more than 100."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Generic, Protocol, TypeVar

import strawberry
from django.db.models import Model, Q, QuerySet
from strawberry.types.info import Info
from strawberry_django.optimizer import OptimizerConfig, optimize

from webnet.api.errors import BadPage
from webnet.api.paging.keyset import Ordering, read_cursor, write_cursor
from webnet.api.paging.node_selections import as_edges
from webnet.api.strawberry_internals import field_of, raw_info_of
from webnet.audit.search_range import SearchedRange

Row = TypeVar("Row", bound=Model)
Row_co = TypeVar("Row_co", bound=Model, covariant=True)

DEFAULT_PAGE = 50
LARGEST_PAGE = 100
# Host rows are always loaded with all columns: a plugin's resolver may read any of them, and a deferred column costs a
# query for each row.
WHOLE_ROWS = OptimizerConfig(enable_only=False)


@strawberry.type(description="Where a page is in its list (Relay).")
class PageInfo:
    """A page's place.

    Attributes:
        has_next_page: Whether there are more rows after this page.
        has_previous_page: Whether there are more rows before this page.
        start_cursor: The place of the first row, for `before`; null if the page is empty.
        end_cursor: The place of the last row, for `after`; null if the page is empty.
    """

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Edge:
    """A row, and the cursor of its place, which is sealed only if it is asked for."""

    __slots__ = ("_seal", "node")

    def __init__(self, node: Any, seal: Callable[[Any], str]) -> None:
        self.node = node
        self._seal = seal

    @property
    def cursor(self) -> str:
        return self._seal(self.node)


@dataclass(frozen=True, kw_only=True)
class PageArguments:
    """The arguments of a connection field; None means missing or null."""

    filter: Any = None
    order: Sequence[Any] | None = None
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """The requested page; `after` and `before` are places in the order, `view` is what its cursors are bound to."""

    size: int
    backwards: bool
    after: Sequence[Any] | None
    before: Sequence[Any] | None
    view: str

    @classmethod
    def read(cls, ordering: Ordering, arguments: PageArguments, *, view: str) -> PageRequest:
        """The page that `first`, `after`, `last` and `before` describe."""
        first, last = arguments.first, arguments.last
        if first is not None and last is not None:
            raise BadPage("Give 'first' or 'last', not both.")
        wanted = last if last is not None else first
        if wanted is not None and wanted < 0:
            raise BadPage("'first' and 'last' can't be negative.")
        return cls(
            size=DEFAULT_PAGE if wanted is None else min(wanted, LARGEST_PAGE),
            backwards=last is not None,
            after=_read_place(ordering, arguments.after, view),
            before=_read_place(ordering, arguments.before, view),
            view=view,
        )

    @property
    def limit(self) -> int:
        """How many rows to read: one more than are shown, to see whether there are more."""
        return self.size + 1

    def cut(self, rows: QuerySet[Row], ordering: Ordering) -> QuerySet[Row]:
        """The rows between the places, in the order in which they are read."""
        if self.after is not None:
            rows = rows.filter(ordering.beyond(self.after))
        if self.before is not None:
            rows = rows.filter(ordering.beyond(self.before, backwards=True))
        return rows.order_by(*ordering.terms(backwards=self.backwards))

    def behind(self, rows: QuerySet[Row], ordering: Ordering) -> QuerySet[Row] | None:
        """The rows behind the page's start, against its direction; None if it starts at the end of the order."""
        place = self.before if self.backwards else self.after
        if place is None:
            return None
        return rows.filter(ordering.beyond(place, backwards=not self.backwards, inclusive=True))


def _read_place(ordering: Ordering, cursor: str | None, view: str) -> Sequence[Any] | None:
    return read_cursor(ordering, cursor, view=view) if cursor is not None else None


def ignore(rows: Sequence[Any]) -> None:
    """Do nothing with the rows that were read."""


@dataclass(frozen=True, kw_only=True)
class Listing(Generic[Row]):
    """All rows that can be paged through, in their order; `on_rows_read` is called with the rows of each page.

    `among` is for searches without an index: the rows to search through, of which a page covers a limited range; they
    are those of `customers` in the audit log, newest first, or all of it. `indexed` are conditions that are part of the
    search and have an index each.
    """

    rows: QuerySet[Row]
    ordering: Ordering
    on_rows_read: Callable[[Sequence[Row]], None] = ignore
    among: QuerySet[Row] | None = None
    customers: Collection[int] | None = None
    indexed: Sequence[Q] = ()

    def searched_range_of(self, request: PageRequest) -> SearchedRange | None:
        """What a page searches; None if there is no limit."""
        if self.among is None:
            return None
        return SearchedRange.find(
            self.customers,
            newer_than=request.before[0] if request.before else None,
            older_than=request.after[0] if request.after else None,
            is_ascending=request.backwards,
            database=self.among.db,
            indexed=self.indexed,
        )

    @property
    def behind(self) -> QuerySet[Row]:
        """The rows among which those behind a page's start are: for a search, all that it could have found."""
        return self.rows if self.among is None else self.among


class Source(Protocol[Row_co]):
    """Where a page's rows come from; each part is read when it is first used."""

    def rows(self) -> Sequence[Row_co]: ...

    def count(self) -> int: ...

    def has_rows_behind(self) -> bool: ...

    def stopped_range(self) -> SearchedRange | None:
        """What a limited search has covered, if there is more to search."""


class Page(Generic[Row]):
    """One page, as the connection types read it."""

    def __init__(self, source: Source[Row], ordering: Ordering, request: PageRequest) -> None:
        self._source = source
        self._ordering = ordering
        self._request = request

    @cached_property
    def nodes(self) -> list[Row]:
        """The rows of the page in the order's own direction, also if it was read backwards."""
        rows = self._source.rows()[: self._request.size]
        return list(reversed(rows) if self._request.backwards else rows)

    @cached_property
    def edges(self) -> list[Edge]:
        """The same rows with their places."""
        # Nothing of an edge leads back to the page: reference counts free both, without the collector.
        seal = self._seal
        return [Edge(row, seal) for row in self.nodes]

    @property
    def page_info(self) -> Page[Row]:
        """The page itself, read as a `PageInfo`; its fields run a query only if they are selected."""
        return self

    @property
    def has_next_page(self) -> bool:
        return self._has_behind if self._request.backwards else self._has_more

    @property
    def has_previous_page(self) -> bool:
        return self._has_more if self._request.backwards else self._has_behind

    @property
    def start_cursor(self) -> str | None:
        return self._end_cursor_of(is_last=False)

    @property
    def end_cursor(self) -> str | None:
        return self._end_cursor_of(is_last=True)

    @property
    def total_count(self) -> int:
        return self._source.count()

    @cached_property
    def _has_behind(self) -> bool:
        return self._source.has_rows_behind()

    @cached_property
    def _stopped(self) -> SearchedRange | None:
        is_full = len(self._source.rows()) > self._request.size
        return None if is_full else self._source.stopped_range()

    @property
    def _has_more(self) -> bool:
        return len(self._source.rows()) > self._request.size or self._stopped is not None

    def _end_cursor_of(self, *, is_last: bool) -> str | None:
        """That of the first or the last row; where a search stopped, of the last row it looked at, to continue from."""
        if self._stopped is not None and (self._request.backwards is not is_last or not self.edges):
            return self._seal(self._stopped.end_row)
        return self.edges[-1 if is_last else 0].cursor if self.edges else None

    @property
    def _seal(self) -> Callable[[Any], str]:
        """What makes the cursor of a row."""
        return partial(write_cursor, self._ordering, view=self._request.view)


class NoRows(Source[Any]):
    """The source of an empty page; runs no query."""

    def rows(self) -> Sequence[Any]:
        return ()

    def count(self) -> int:
        return 0

    def has_rows_behind(self) -> bool:
        return False

    def stopped_range(self) -> SearchedRange | None:
        return None


def empty_page(ordering: Ordering) -> Page[Any]:
    """A page without rows."""
    return Page(NoRows(), ordering, PageRequest.read(ordering, PageArguments(), view=""))


def open_page(info: Info[Any, Any], listing: Listing[Row], arguments: PageArguments) -> Page[Row]:
    """The page that the arguments describe; the optimizer also covers plugins' fields on its rows."""
    request = PageRequest.read(listing.ordering, arguments, view=info.context.view_slug)
    return Page(_Whole(optimized(info, listing), request), listing.ordering, request)


def open_read_page(
    info: Info[Any, Any],
    *,
    ordering: Ordering,
    arguments: PageArguments,
    read: Callable[[PageRequest], Sequence[Row]],
    make_listing: Callable[[], Listing[Row]],
) -> Page[Row]:
    """The page whose rows `read` reads, by a statement of its own; they are the same as the listing has."""
    request = PageRequest.read(ordering, arguments, view=info.context.view_slug)
    return Page(_Read(read, request, make_listing), ordering, request)


def open_named_page(
    info: Info[Any, Any],
    *,
    names: Sequence[str],
    ordering: Ordering,
    arguments: PageArguments,
    read: Callable[[Sequence[str]], Sequence[Row]],
) -> Page[Row]:
    """The page of rows that are known by name; `read` gets the names of this page only.

    `names` are sorted, and the only key of the order.
    """
    request = PageRequest.read(ordering, arguments, view=info.context.view_slug)
    return Page(_Named(names, request, read), ordering, request)


def may_be_optimized(info: Info[Any, Any]) -> bool:
    """Whether the optimizer can find anything to do for the rows of this field: most types have nothing but columns."""
    found: bool = getattr(field_of(info), "has_hints", True)
    return found


def optimized(info: Info[Any, Any], listing: Listing[Row]) -> Listing[Row]:
    """The listing with joins and prefetches for what the operation selects."""
    if not may_be_optimized(info):
        return listing
    selected = as_edges(raw_info_of(info))
    among = None if listing.among is None else optimize(listing.among, selected, config=WHOLE_ROWS)
    return replace(listing, rows=optimize(listing.rows, selected, config=WHOLE_ROWS), among=among)


class _Whole(Source[Row]):
    """The rows of a field that is not nested in other rows."""

    def __init__(self, listing: Listing[Row], request: PageRequest) -> None:
        self._listing = listing
        self._request = request

    def rows(self) -> Sequence[Row]:
        return self._rows

    def count(self) -> int:
        return self._listing.rows.order_by().count()

    def has_rows_behind(self) -> bool:
        behind = self._request.behind(self._listing.behind, self._listing.ordering)
        return behind is not None and behind.exists()

    def stopped_range(self) -> SearchedRange | None:
        return self._range if self._range and self._range.end is not None else None

    @cached_property
    def _range(self) -> SearchedRange | None:
        return self._listing.searched_range_of(self._request)

    @cached_property
    def _rows(self) -> Sequence[Row]:
        found = self._request.cut(self._listing.rows, self._listing.ordering)
        found = self._range.cut(found) if self._range is not None else found
        rows = list(found[: self._request.limit])
        self._listing.on_rows_read(rows)
        return rows


class _Read(Source[Row]):
    """Rows that are read without a queryset. The listing is made for what else may be asked about the page."""

    def __init__(
        self,
        read: Callable[[PageRequest], Sequence[Row]],
        request: PageRequest,
        make_listing: Callable[[], Listing[Row]],
    ) -> None:
        self._read = read
        self._request = request
        self._make_listing = make_listing

    def rows(self) -> Sequence[Row]:
        return self._rows

    def count(self) -> int:
        return self._whole.count()

    def has_rows_behind(self) -> bool:
        return self._whole.has_rows_behind()

    def stopped_range(self) -> SearchedRange | None:
        return None

    @cached_property
    def _rows(self) -> Sequence[Row]:
        return self._read(self._request)

    @cached_property
    def _whole(self) -> Source[Row]:
        return _Whole(self._make_listing(), self._request)


class _Named(Source[Row]):
    """Rows that may not exist in the database, by their sorted names."""

    def __init__(
        self, names: Sequence[str], request: PageRequest, read: Callable[[Sequence[str]], Sequence[Row]]
    ) -> None:
        self._names = names
        self._request = request
        self._read = read
        self._start = bisect_right(names, request.after[0]) if request.after is not None else 0
        self._end = bisect_left(names, request.before[0]) if request.before is not None else len(names)

    def rows(self) -> Sequence[Row]:
        return self._rows

    def count(self) -> int:
        return len(self._names)

    def has_rows_behind(self) -> bool:
        return self._end < len(self._names) if self._request.backwards else self._start > 0

    def stopped_range(self) -> SearchedRange | None:
        return None

    @cached_property
    def _rows(self) -> Sequence[Row]:
        between = self._names[self._start : self._end]
        in_direction = between[::-1] if self._request.backwards else between
        return self._read(in_direction[: self._request.limit])
