"""Reads for many rows at once: values by key (`Loader`), and pages that are nested in rows (`Batch`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar
from weakref import WeakMethod

from django.db.models import Count, Model, QuerySet
from strawberry.types.info import Info

from webnet.api.paging.pages import Listing, Page, PageArguments, PageRequest, Source, optimized
from webnet.api.strawberry_internals import raw_info_of
from webnet.audit.search_range import SearchedRange

Row = TypeVar("Row", bound=Model)

# SQLite takes at most 500 parts of a compound select.
PARENTS_PER_STATEMENT = 100


Key = TypeVar("Key")
Value = TypeVar("Value")


class Loader(Generic[Key, Value]):
    """Values by key; the first `get` reads those of all keys that were announced until then.

    `load` takes keys and returns the values that it found; the others are None from then on. It is a method of whoever
    has the loader.
    """

    def __init__(self, load: Callable[[Collection[Key]], Mapping[Key, Value]]) -> None:
        # A strong reference would be a circle, with all that was read: it would stay until the collector comes.
        self._load = WeakMethod(load)
        self._announced: dict[Key, None] = {}
        # Announced, and not looked at yet: of most that is announced nothing is ever asked for.
        self._unseen: list[Collection[Key]] = []
        self._values: dict[Key, Value | None] = {}

    def announce(self, keys: Iterable[Key]) -> None:
        """Read these as well the next time that any value is read."""
        self._unseen.append(list(keys))

    def expects(self, key: Key) -> bool:
        """Whether it was announced, or read already."""
        return key in self._values or key in self._expected()

    def put(self, key: Key, value: Value) -> None:
        """Keep a value that was read elsewhere."""
        self._values[key] = value

    def get(self, key: Key) -> Value | None:
        """The value, or None if there is none."""
        if key not in self._values:
            wanted = [each for each in {**self._expected(), key: None} if each not in self._values]
            self._announced.clear()
            load = self._load()
            if load is None:
                raise ReferenceError("A loader was used after its owner was gone.")
            found = load(wanted)
            self._values.update((each, found.get(each)) for each in wanted)
        return self._values[key]

    def _expected(self) -> dict[Key, None]:
        """What was announced, each once and in that order."""
        for keys in self._unseen:
            self._announced.update(dict.fromkeys(keys))
        self._unseen.clear()
        return self._announced

    def find_known(self, key: Key) -> Value | None:
        """The value if it was read already; reads nothing."""
        return self._values.get(key)

    def known(self) -> list[Value]:
        """Every value read so far."""
        return [value for value in self._values.values() if value is not None]


class Batch(Generic[Row]):
    """One nested field for all its parents; `parent` are the columns of its rows that identify the parent."""

    def __init__(self, listing: Listing[Row], request: PageRequest, parent: Sequence[str]) -> None:
        self._listing = listing
        self._request = request
        self._parent = parent
        self.pages: Loader[Any, list[Row]] = Loader(self._load_pages)
        self.counts: Loader[Any, int] = Loader(self._load_counts)
        self.behind: Loader[Any, list[Row]] = Loader(self._load_behind)

    def page_of(self, key: Any, among: Callable[[], Iterable[Any]]) -> Page[Row]:
        """The page of one parent; `among` returns all parents whose pages will be needed, and is called once."""
        if not self.pages.expects(key):
            keys = [*among(), key]
            for loader in (self.pages, self.counts, self.behind):
                loader.announce(keys)
        return Page(_Nested(self, key), self._listing.ordering, self._request)

    def _load_pages(self, keys: Collection[Any]) -> Mapping[Any, list[Row]]:
        ordering = self._listing.ordering
        parts = {key: self._request.cut(self._of(key, self._rows), ordering) for key in keys}
        found = self._read(parts, self._request.limit, ordering.terms(backwards=self._request.backwards))
        self._listing.on_rows_read([row for rows in found.values() for row in rows])
        return found

    def _load_behind(self, keys: Collection[Any]) -> Mapping[Any, list[Row]]:
        behind = self._listing.behind
        parts = {key: self._request.behind(self._of(key, behind), self._listing.ordering) for key in keys}
        return self._read({key: part for key, part in parts.items() if part is not None}, 1, [])

    def _load_counts(self, keys: Collection[Any]) -> Mapping[Any, int]:
        rows = self._listing.rows.filter(**{f"{self._parent[0]}__in": {key[0] for key in keys}}).order_by()
        return {tuple(key): count for *key, count in rows.values_list(*self._parent).annotate(Count("pk"))}

    @cached_property
    def searched_range(self) -> SearchedRange | None:
        return self._listing.searched_range_of(self._request)

    @property
    def _rows(self) -> QuerySet[Row]:
        return self._listing.rows if self.searched_range is None else self.searched_range.cut(self._listing.rows)

    def _of(self, key: Any, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.filter(**dict(zip(self._parent, key, strict=True)))

    def _read(self, parts: Mapping[Any, QuerySet[Row]], limit: int, terms: Sequence[str]) -> Mapping[Any, list[Row]]:
        found: dict[Any, list[Row]] = {key: [] for key in parts}
        keys = list(parts)
        for start in range(0, len(keys), PARENTS_PER_STATEMENT):
            chunk = [parts[key] for key in keys[start : start + PARENTS_PER_STATEMENT]]
            rows = chunk[0][:limit] if len(chunk) == 1 else self._read_together(chunk, limit).order_by(*terms)
            for row in rows:
                found[tuple(getattr(row, column) for column in self._parent)].append(row)
        return found

    def _read_together(self, parts: Sequence[QuerySet[Row]], limit: int) -> QuerySet[Row]:
        """The first rows of every part. Each part uses an index range of its own; a window function could not."""
        every = self._listing.rows.model._default_manager  # noqa: SLF001 - Django documents it
        firsts = [every.filter(pk__in=part.values("pk")[:limit]).values("pk").order_by() for part in parts]
        together = firsts[0].union(*firsts[1:], all=True)
        return self._listing.behind.filter(pk__in=together)


class _Nested(Source[Row]):
    """One parent's part of a batch."""

    def __init__(self, batch: Batch[Row], key: Any) -> None:
        self._batch = batch
        self._key = key

    def rows(self) -> Sequence[Row]:
        return self._batch.pages.get(self._key) or []

    def count(self) -> int:
        return self._batch.counts.get(self._key) or 0

    def has_rows_behind(self) -> bool:
        return bool(self._batch.behind.get(self._key))

    def stopped_range(self) -> SearchedRange | None:
        found = self._batch.searched_range
        return found if found is not None and found.end is not None else None


class Batches:
    """The batches of one request, by the field in the document."""

    def __init__(self) -> None:
        self._by_field: dict[int, Batch[Any]] = {}

    def find(self, info: Info[Any, Any]) -> Batch[Any] | None:
        return self._by_field.get(self._field(info))

    def add(self, info: Info[Any, Any], batch: Batch[Row]) -> Batch[Row]:
        self._by_field[self._field(info)] = batch
        return batch

    @staticmethod
    def _field(info: Info[Any, Any]) -> int:
        # The document lives as long as the request, so its nodes can be identified by `id()`.
        return id(raw_info_of(info).field_nodes[0])


def open_nested_page(
    info: Info[Any, Any],
    *,
    parent: Sequence[str],
    key: Sequence[object],
    among: Callable[[], Iterable[Sequence[object]]],
    arguments: PageArguments,
    make_listing: Callable[[], Listing[Row]],
) -> Page[Row]:
    """The page of one parent, read together with those of the parents that `among()` returns.

    `parent` are the columns of the rows that hold the parent's key.
    """
    batches: Batches = info.context.batches
    batch = batches.find(info)
    if batch is None:
        listing = optimized(info, make_listing())
        request = PageRequest.read(listing.ordering, arguments, view=info.context.view_slug)
        batch = batches.add(info, Batch(listing, request, parent))
    return batch.page_of(key, among)
