"""The orders of connections: what clients may ask for, and what holds when they don't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from webnet.api.paging.keyset import Ordering, SortKey
from webnet.api.vocabulary.enums import OrderDirection

KINDS: tuple[tuple[type[models.Field[Any, Any]], type], ...] = (
    (models.DateTimeField, datetime),
    (models.IntegerField, int),
    (models.CharField, str),
    (models.TextField, str),
)


@dataclass(frozen=True, kw_only=True)
class RowOrder:
    """The keys of a model that can be ordered by; no two rows have the same `unique` one.

    `input` is what clients give, None where they can't choose.
    """

    model: type[models.Model]
    default: tuple[SortKey, ...]
    unique: SortKey
    input: type | None = None

    def read(self, wanted: Sequence[Any] | None) -> Ordering:
        """The order asked for, or the default; it ends with the unique key, so that pages are stable."""
        keys: dict[str, SortKey] = {}
        for key in self._keys(wanted) if wanted else self.default:
            keys.setdefault(key.path, key)
        keys.setdefault(self.unique.path, self.unique)
        names = list(keys)
        return Ordering(tuple(keys[name] for name in names[: names.index(self.unique.path) + 1]))

    def _keys(self, wanted: Sequence[Any]) -> Iterator[SortKey]:
        for each in wanted:
            descending = each.direction is OrderDirection.DESC
            yield _find_key(self.model, each.field.value, is_descending=descending)


def make_order(
    model: type[models.Model], *, name: str, by: Sequence[str] = (), unique: str = "pk", ties: str = "age"
) -> RowOrder:
    """The order of a type called `name` by these columns; raises ValueError for one that no page could go on from.

    `ties` describes the `unique` column to clients.
    """
    for column in by:
        _find_key(model, column)
    return RowOrder(
        model=model,
        default=tuple(_default_keys(model)),
        unique=_find_key(model, unique),
        input=_make_input(name, by, ties) if by else None,
    )


def _make_input(name: str, by: Sequence[str], ties: str) -> type:
    make_enum: Any = Enum  # whose names a type checker wants to read
    fields = make_enum(f"{name}OrderField", {column.upper(): column for column in by})
    strawberry.enum(fields, description=f"What rows of {name} can be ordered by.")
    annotations = {"field": fields, "direction": OrderDirection}
    made = type(f"{name}Order", (), {"__annotations__": annotations, "direction": OrderDirection.ASC})
    return strawberry.input(made, description=f"Ties go by {ties}, so that pages are stable.")


def _default_keys(model: type[models.Model]) -> Iterator[SortKey]:
    """The model's own ordering, up to the first part that is no plain column."""
    for term in model._meta.ordering or ():
        try:
            yield _find_key(model, str(term).lstrip("-"), is_descending=str(term).startswith("-"))
        except ValueError:
            return


def _find_key(model: type[models.Model], path: str, *, is_descending: bool = False) -> SortKey:
    try:
        column: Any = model._meta.pk if path == "pk" else model._meta.get_field(path)
    except FieldDoesNotExist:
        raise ValueError(f"'{model._meta.label}' has no column '{path}' to order by") from None
    kind = next((kind for field, kind in KINDS if isinstance(column, field)), None)
    if kind is None or getattr(column, "null", False):
        raise ValueError(
            f"rows can't be ordered by '{path}': it must be text, a whole number or a time, and never null"
        )
    return SortKey(path=column.attname, kind=kind, is_descending=is_descending)
