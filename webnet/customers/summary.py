"""Names the customers that something concerns: the first few by slug, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from webnet.customers.models import Customer

MAXIMUM_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Concerned:
    """`slugs` are the first MAXIMUM_NAMED, in order; `count` is how many there are."""

    slugs: tuple[str, ...] = ()
    count: int = 0

    @classmethod
    def among(cls, customers: QuerySet[Customer]) -> Concerned:
        """Those of a queryset."""
        slugs = customers.order_by("slug").values_list("slug", flat=True)
        first = tuple(slugs[: MAXIMUM_NAMED + 1])
        count = len(first) if len(first) <= MAXIMUM_NAMED else slugs.count()
        return cls(slugs=first[:MAXIMUM_NAMED], count=count)

    @classmethod
    def named(cls, slugs: Iterable[str]) -> Concerned:
        """Those with these slugs."""
        found = sorted(set(slugs))
        return cls(slugs=tuple(found[:MAXIMUM_NAMED]), count=len(found))

    def tell(self) -> str:
        """In words: "2 customers ('acme', 'globex')"; of many, that there are more."""
        if not self.count:
            return "no customer"
        more = ", …" if self.count > len(self.slugs) else ""
        noun = "customer" if self.count == 1 else "customers"
        return f"{self.count} {noun} ({', '.join(map(repr, self.slugs))}{more})"
