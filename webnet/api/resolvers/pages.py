"""Opens the pages of connections: of a field that stands alone, or of one that is nested in many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from django.db.models import Model
from strawberry_django.optimizer import optimize

from webnet.api.paging.batches import Batch
from webnet.api.paging.connections import Listing, Page, Source
from webnet.api.paging.page_request import PageArguments, PageRequest
from webnet.api.paging.scan_window import Stretch
from webnet.api.request.context import Info
from webnet.api.vocabulary.columns import WHOLE_ROWS

Row = TypeVar("Row", bound=Model)


def open_page(info: Info, listing: Listing[Row], arguments: PageArguments) -> Page[Row]:
    """The page that the arguments ask for; a plugin's fields on its rows are planned by the optimizer."""
    request = PageRequest.read(listing.ordering, arguments)
    return Page(_Whole(_optimized(info, listing), request), listing.ordering, request)


def open_nested_page(
    info: Info,
    *,
    parent: Sequence[str],
    key: Sequence[object],
    among: Callable[[], Iterable[Sequence[object]]],
    arguments: PageArguments,
    make_listing: Callable[[], Listing[Row]],
) -> Page[Row]:
    """The page of one parent, read together with those of the parents `among()`, which will be asked for too.

    `parent` are the columns of the rows that hold the parent's key.
    """
    batch = info.context.batches.find(info)
    if batch is None:
        listing = _optimized(info, make_listing())
        request = PageRequest.read(listing.ordering, arguments)
        batch = info.context.batches.add(info, Batch(listing, request, parent))
    return batch.page_of(key, among)


def _optimized(info: Info, listing: Listing[Row]) -> Listing[Row]:
    among = None if listing.among is None else optimize(listing.among, info, config=WHOLE_ROWS)
    return replace(listing, rows=optimize(listing.rows, info, config=WHOLE_ROWS), among=among)


class _Whole(Source[Row]):
    """The rows of a field that stands alone."""

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

    def end(self) -> int | None:
        return self._stretch.end if self._stretch is not None else None

    @cached_property
    def _stretch(self) -> Stretch | None:
        return self._listing.stretch_of(self._request)

    @cached_property
    def _rows(self) -> Sequence[Row]:
        found = self._request.cut(self._listing.rows, self._listing.ordering)
        found = self._stretch.cut(found) if self._stretch is not None else found
        rows = list(found[: self._request.limit])
        self._listing.meet(rows)
        return rows
