"""The orders of lists: what clients may ask for, and what holds when they don't."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from webnet.api.paging.keyset import Ordering, SortKey
from webnet.api.vocabulary.enums import CustomerOrderField, OrderDirection, PluginOrderField

AUDIT_LOGS = Ordering((SortKey(path="position", kind=int, is_descending=True),))
CONFIGS = Ordering((SortKey(path="plugin__name"), SortKey(path="customer__slug")))
HEALTH_HISTORY = Ordering((SortKey(path="pk", kind=int, is_descending=True),))
CONFIGS_OF_PLUGIN = Ordering((SortKey(path="customer__slug"),))


@strawberry.input(description="Ties go by name, so that pages are stable.")
class PluginOrder:
    field: PluginOrderField
    direction: OrderDirection = OrderDirection.ASC


@strawberry.input(description="Ties go by slug, so that pages are stable.")
class CustomerOrder:
    field: CustomerOrderField
    direction: OrderDirection = OrderDirection.ASC


def order_plugins(wanted: Sequence[PluginOrder] | None) -> Ordering:
    return _order(wanted or (), unique="name")


def order_customers(wanted: Sequence[CustomerOrder] | None) -> Ordering:
    return _order(wanted or (), unique="slug")


def _order(wanted: Sequence[PluginOrder] | Sequence[CustomerOrder], *, unique: str) -> Ordering:
    """The keys asked for, each once, up to the unique one, which always comes."""
    keys: dict[str, SortKey] = {}
    for each in wanted:
        path = each.field.value
        keys.setdefault(path, _key(path, is_descending=each.direction is OrderDirection.DESC))
    keys.setdefault(unique, _key(unique, is_descending=False))
    names = list(keys)
    return Ordering(tuple(keys[name] for name in names[: names.index(unique) + 1]))


def _key(path: str, *, is_descending: bool) -> SortKey:
    kind: Any = datetime if path == PluginOrderField.SYNCED_AT.value else str
    return SortKey(path=path, kind=kind, is_descending=is_descending)
