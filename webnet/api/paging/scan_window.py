"""How far a page looks for what no index finds: through so many positions of the log, and it says where it stopped.

A search that nothing fits would read a million rows; so each page reads its own stretch, and the next goes on there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet

from webnet.api.paging.page_request import PageRequest

Row = TypeVar("Row", bound=Model)

REACH = 50_000


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The positions from `first` to `last`; `end` is the one at its far end where the log goes on behind it."""

    first: int
    last: int
    end: int | None

    def cut(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.filter(position__gte=self.first, position__lte=self.last)


def find_stretch(request: PageRequest, rows: QuerySet[Row]) -> Stretch:
    """What the page looks through, in a log whose newest row comes first; `rows` are those of the log.

    Places are positions: `after` is newer than all that the page may have, `before` is older.
    """
    ends = rows.model._default_manager.order_by("position").values_list("position", flat=True)  # noqa: SLF001 - documented
    oldest = request.before[0] + 1 if request.before else (ends.first() or 0)
    newest = request.after[0] - 1 if request.after else (ends.last() or 0)
    if request.backwards:
        last = min(newest, oldest + REACH - 1)
        return Stretch(first=oldest, last=last, end=last if last < newest else None)
    first = max(oldest, newest - REACH + 1)
    return Stretch(first=first, last=newest, end=first if first > oldest else None)
