"""Deletes rows with all that depends on them, and skips tables that do not exist: those of plugins not yet migrated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from webnet.customers.models import Customer
from webnet.errors import DependencyRefusal
from webnet.sentences import sentence


class PresentRows(Collector):
    """Django's collector of the rows that are deleted together; it queries only tables that exist.

    `skipped_tables` are those that do not. Rows that belong to `owner` don't protect others from deletion, since they
    are deleted with it.
    """

    def __init__(self, owner: Customer | None = None) -> None:
        super().__init__(using=connection.alias)
        self.owner = owner
        self.tables = set(connection.introspection.table_names())
        self.skipped_tables: set[str] = set()

    def related_objects(
        self, related_model: type[models.Model], related_fields: Any, objs: Any
    ) -> models.QuerySet[models.Model]:
        # `Collector.collect` calls this for each relation. Django does not document it.
        found = super().related_objects(related_model, related_fields, objs)
        table = related_model._meta.db_table
        if table not in self.tables:
            self.skipped_tables.add(table)
            return found.none()
        is_protecting = any(field.remote_field.on_delete is models.PROTECT for field in related_fields)
        if is_protecting and self.owner is not None and _has_owner(related_model):
            return found.exclude(customer=self.owner)
        return found

    def count(self) -> dict[str, int]:
        """How many rows would be deleted, by table."""
        # Rows that nothing depends on are in `fast_deletes`, as querysets that were never fetched.
        counted = Counter({model._meta.db_table: len(rows) for model, rows in self.data.items()})
        for rows in self.fast_deletes:
            counted[rows.model._meta.db_table] += rows.count()
        return {table: count for table, count in sorted(counted.items()) if count}


def collect(rows: Sequence[models.Model], *, owner: Customer | None = None) -> PresentRows:
    """What would be deleted with these rows; refused where a model protects them (`PROTECT`, `RESTRICT`)."""
    collector = PresentRows(owner)
    try:
        collector.collect(rows)
    except (ProtectedError, RestrictedError) as error:
        objects = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        counted = Counter(row._meta.label for row in objects)
        rows_of = ", ".join(f"{count} of {label}" for label, count in sorted(counted.items()))
        raise DependencyRefusal(
            sentence("Rows of plugins refer to it ({rows}): delete those first.", rows=rows_of),
            code="ROWS_PROTECTED",
            plugins=tuple(sorted({row._meta.app_label for row in objects})),
        ) from error
    return collector


def _has_owner(model: type[models.Model]) -> bool:
    """Whether the model's rows are deleted with their customer."""
    fields = (field for field in model._meta.concrete_fields if field.name == "customer")
    return any(field.remote_field and field.remote_field.on_delete is models.CASCADE for field in fields)
