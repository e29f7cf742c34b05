"""Reads relations of rows in batches, limited to the rows that the request may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from strawberry_django.pagination import apply_window_pagination

from webnet.api.paging.pages import LARGEST_PAGE
from webnet.api.request.reader import Reading
from webnet.customers.models import Customer, User
from webnet.sdk.graphql.row_batches import is_in_batch, mark_batch, peers_of
from webnet.sdk.scope import all_rows, is_in_scope, scope


def read_one(row: Model, name: str, reading: Reading) -> Any:
    """The row that this one refers to; None if there is none that the request may see."""
    field = find_relation(type(row), name)
    if field.related_model is Customer:
        return _read_host_row(row, field, reading, "customers")
    if field.related_model is User:
        return _read_host_row(row, field, reading, "users")
    if not field.is_cached(row):
        rows = scope(field.related_model._base_manager.all(), reading)  # noqa: SLF001 - documented by Django
        _prefetch([each for each in peers_of(row) if not field.is_cached(each)], Prefetch(name, rows))
    found = field.get_cached_value(row, default=None)
    if found is not None and not is_in_batch(found):
        others = (field.get_cached_value(each, default=None) for each in peers_of(row))
        mark_batch([other for other in others if other is not None], reading)
    return found if found is not None and is_in_scope(found, reading) else None


def read_many(row: Model, name: str, reading: Reading) -> Sequence[Any]:
    """The first rows of a relation, up to the largest page."""
    model: type[Model] = find_relation(type(row), name).related_model
    if name not in _prefetched(row):
        rows = first_rows_of_each(scope(all_rows(model), reading), _find_column(type(row), name))
        _prefetch([each for each in peers_of(row) if name not in _prefetched(each)], Prefetch(name, rows))
    found = list(_prefetched(row)[name])
    if found and not is_in_batch(found[0]):
        mark_batch([each for peer in peers_of(row) for each in _prefetched(peer).get(name, ())], reading)
    return found


def find_relation(model: type[Model], name: str) -> Any:
    """The relation of this attribute; reverse relations are found by their accessor, not by the field's name."""
    reverse = (each for each in model._meta.related_objects if each.get_accessor_name() == name)
    return next(reverse, None) or model._meta.get_field(name)


def first_rows(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The first rows, up to the largest page."""
    return (rows if rows.ordered else rows.order_by("pk"))[:LARGEST_PAGE]


def first_rows_of_each(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """The first rows of every parent, for a prefetch; `column` is the foreign key to the parent."""
    ordered = rows if rows.ordered else rows.order_by("pk")
    cut: QuerySet[Any] = apply_window_pagination(ordered, related_field_id=column, limit=LARGEST_PAGE)
    return cut


def _find_column(model: type[Model], name: str) -> str:
    other = find_relation(model, name).remote_field
    return getattr(other, "attname", None) or str(other.name)


def _read_host_row(row: Model, field: Any, reading: Reading, loader: str) -> Any:
    loaded = getattr(reading, loader)
    loaded.announce(pk for each in peers_of(row) if (pk := getattr(each, field.attname)) is not None)
    pk = getattr(row, field.attname)
    return loaded.get(pk) if pk is not None else None


def _prefetch(rows: Iterable[Model], lookup: Prefetch[Any]) -> None:
    prefetch_related_objects(list(rows), lookup)


def _prefetched(row: Model) -> dict[str, Any]:
    found: dict[str, Any] = row.__dict__.get("_prefetched_objects_cache", {})
    return found
