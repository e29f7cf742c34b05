"""Foreign keys as the database itself knows them, also those of tables whose plugin is no longer installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models

from webnet.customers.models import Customer


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """`table.column` points at `target_table.target_column`."""

    table: str
    column: str
    target_table: str
    target_column: str


def find_foreign_keys() -> tuple[ForeignKey, ...]:
    """All foreign keys of the database, in the order of their tables and columns."""
    with connection.cursor() as cursor:
        found = [
            ForeignKey(table=table, column=column, target_table=target[1], target_column=target[0])
            for table in sorted(connection.introspection.table_names(cursor))
            for column, target in sorted(connection.introspection.get_relations(cursor, table).items())
        ]
    return tuple(found)


def delete_rows_without_model(target: Customer) -> dict[str, int]:
    """Delete what depends on the customer in tables without an installed model; returns how many rows, by table.

    Only what the database's own constraints show can be found. Inside a transaction, before the customer's own row.
    """
    known = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    # Django deletes the rows of known models itself, but only through relations that cascade.
    keys = [key for key in find_foreign_keys() if key.table not in known or _cascades(known[key.table], key.column)]
    table, deleted = target._meta.db_table, dict[str, int]()
    for other, condition in _walk(keys, table, f"{_quote('id')} = %s", (table,)):
        if other not in known:
            deleted[other] = deleted.get(other, 0) + _delete(other, condition, target.pk)
    return {table: count for table, count in deleted.items() if count}


def _walk(keys: list[ForeignKey], table: str, condition: str, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each table that depends on this one with the condition for its rows, in an order in which they can be deleted."""
    # Deepest first: a row that refers to another goes before it. `path` stops at circles of foreign keys.
    for key in keys:
        if key.target_table == table and key.table not in path:
            rows = f"SELECT {_quote(key.target_column)} FROM {_quote(table)} WHERE {condition}"  # noqa: S608 - names of the database's own
            within = f"{_quote(key.column)} IN ({rows})"
            yield from _walk(keys, key.table, within, (*path, key.table))
            yield key.table, within


def _cascades(model: type[models.Model], column: str) -> bool:
    fields = (field for field in model._meta.concrete_fields if field.column == column and field.remote_field)
    return any(getattr(field.remote_field, "on_delete", None) is models.CASCADE for field in fields)


def _delete(table: str, condition: str, key: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_quote(table)} WHERE {condition}", [key])  # noqa: S608 - names of the database's own
        return int(cursor.rowcount)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
