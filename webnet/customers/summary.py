"""Summarises the customers that something affects: the first few slugs, and the number of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from webnet.customers.models import Customer
from webnet.sentences import Sentence, sentence

MAXIMUM_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class CustomerSummary:
    """`slugs` are the first MAXIMUM_NAMED in order; `count` is the number of all."""

    slugs: tuple[str, ...] = ()
    count: int = 0

    @classmethod
    def of_queryset(cls, customers: QuerySet[Customer]) -> CustomerSummary:
        slugs = customers.order_by("slug").values_list("slug", flat=True)
        # One more than are named: when all of them fit, no second statement needs to count them.
        first = tuple(slugs[: MAXIMUM_NAMED + 1])
        count = len(first) if len(first) <= MAXIMUM_NAMED else slugs.count()
        return cls(slugs=first[:MAXIMUM_NAMED], count=count)

    @classmethod
    def of_slugs(cls, slugs: Iterable[str]) -> CustomerSummary:
        distinct = sorted(set(slugs))
        return cls(slugs=tuple(distinct[:MAXIMUM_NAMED]), count=len(distinct))

    def describe(self) -> Sentence:
        """For example "2 customers ('acme', 'globex')"; an ellipsis stands for those that are not named."""
        if not self.count:
            return sentence("no customer")
        named = ", ".join([*map(repr, self.slugs), *(["…"] if self.count > len(self.slugs) else [])])
        if self.count == 1:
            return sentence("1 customer ({named})", named=named)
        return sentence("{count} customers ({named})", count=self.count, named=named)
