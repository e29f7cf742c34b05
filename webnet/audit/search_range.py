"""How much of the log a page of a search covers: a number of rows that its reader may read, whatever others write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Max, Min, Model, OuterRef, Q, QuerySet, Subquery

from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer

Row = TypeVar("Row", bound=Model)

# How many rows one page of a search covers: a search without matches would otherwise read all of them.
SEARCHED_ROWS = 50_000


@dataclass(frozen=True, kw_only=True)
class SearchedRange:
    """The rows up to position `end`, in reading direction; to the last one if that is None.

    `customers` are those whose rows are searched, None means all rows of the log; `database` is the alias of the one
    that the page's rows are read from, since a copy may have fewer rows. `along` is the condition whose index leads
    through them; None if they are all looked at.
    """

    customers: Collection[int] | None
    is_ascending: bool
    end: int | None
    database: str = DEFAULT_DB_ALIAS
    along: Q | None = None

    @classmethod
    def find(
        cls,
        customers: Collection[int] | None,
        *,
        newer_than: int | None,
        older_than: int | None,
        is_ascending: bool = False,
        database: str = DEFAULT_DB_ALIAS,
        indexed: Sequence[Q] = (),
    ) -> SearchedRange:
        """The rows between these two positions that one page covers; those of everybody are counted by position.

        `indexed` are conditions of which all rows have to fulfil each: only rows that fulfil one of them are counted.
        """
        if newer_than is not None and older_than is not None and older_than - newer_than - 1 <= SEARCHED_ROWS:
            return cls(customers=customers, is_ascending=is_ascending, end=None, database=database)
        rows = PluginAuditLog.objects.using(database)
        if newer_than is not None:
            rows = rows.filter(position__gt=newer_than)
        if older_than is not None:
            rows = rows.filter(position__lt=older_than)
        rows = rows.order_by("position" if is_ascending else "-position")
        if customers is None and indexed:
            along, end = _choose_index(rows, indexed, is_ascending=is_ascending)
            return cls(customers=customers, is_ascending=is_ascending, end=end, database=database, along=along)
        if customers is None:
            end = _find_end_of_all(rows, is_ascending=is_ascending)
        elif len(customers) == 1:
            # By its id: of rows by a subquery, PostgreSQL does not know how many they are, and would read and sort all.
            _, end = _choose_index(rows, [Q(customer_id=next(iter(customers)))], is_ascending=is_ascending)
        else:
            end = _find_end_of_own(rows, customers, is_ascending=is_ascending)
        return cls(customers=customers, is_ascending=is_ascending, end=end, database=database)

    @cached_property
    def end_row(self) -> PluginAuditLog:
        """The row at `end`, whose cursor continues the search; the pages of one batch read it once."""
        return PluginAuditLog.objects.using(self.database).only("position", "hash").get(pk=self.end or 0)

    def cut(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Those of the rows of the log that are covered."""
        if self.end is not None:
            rows = rows.filter(**{"position__lte" if self.is_ascending else "position__gte": self.end})
        if self.along is not None:
            rows = rows.filter(self.along)
        if self.customers is None or len(self.customers) == 1:
            return rows
        # With several customers no index has the order. PostgreSQL would hope to find enough matches along the primary
        # key, and read everybody's rows when there are few: `+ 0` hides the order, so it reads those of the customers.
        place = F("position") + 0
        return rows.order_by(place.asc() if self.is_ascending else place.desc())


def _choose_index(rows: QuerySet[PluginAuditLog], indexed: Sequence[Q], *, is_ascending: bool) -> tuple[Q, int | None]:
    """The condition that fewest rows fulfil, and where these are cut; reads entries of indexes only, and no more."""
    found: list[tuple[int, Q]] = []
    for condition in indexed:
        last = rows.filter(condition).values_list("position", flat=True)[SEARCHED_ROWS - 1 : SEARCHED_ROWS + 1]
        positions = list(last)
        if len(positions) < 2:
            return condition, None
        found.append((positions[0], condition))
    # The further its rows reach, the fewer they are.
    end, condition = (max if is_ascending else min)(found, key=itemgetter(0))
    return condition, end


def _find_end_of_all(rows: QuerySet[PluginAuditLog], *, is_ascending: bool) -> int | None:
    """Where the rows of everybody are cut: their positions have no gaps."""
    start = rows.values_list("position", flat=True).first()
    if start is None:
        return None
    step = 1 if is_ascending else -1
    end = start + step * (SEARCHED_ROWS - 1)
    return end if rows.filter(position=end + step).exists() else None


def _find_end_of_own(rows: QuerySet[PluginAuditLog], customers: Collection[int], *, is_ascending: bool) -> int | None:
    """Where the rows of these customers are cut: each has a share of them, and the first one to exceed it counts."""
    share = max(1, SEARCHED_ROWS // max(1, len(customers)))
    own = rows.filter(customer_id=OuterRef("pk")).values("position")
    found = (
        Customer.objects.using(rows.db)
        .filter(pk__in=customers)
        .annotate(end=Subquery(own[share - 1 : share]), beyond=Subquery(own[share : share + 1]))
    )
    first = Min("end") if is_ascending else Max("end")
    end: int | None = found.filter(beyond__isnull=False).aggregate(first=first)["first"]
    return end
