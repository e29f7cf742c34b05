"""The statement of a page of the log that nothing filters: one written by hand, since every list begins with it.

The tests compare it with the query that says the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from django.db import connections

from webnet.audit.models import PluginAuditLog
from webnet.database.model_columns import ModelColumns

# What is known of each row, whatever is shown of it: its place, and what it refers to.
ALWAYS = frozenset({"position", "hash", "actor_id", "customer_id", "plugin_name"})
# Large, and shown by no page.
TEXT = "text"
OTHER = ModelColumns(PluginAuditLog, "o")


def read_page(
    *,
    columns: Collection[str] | None,
    customers: Collection[int] | None,
    newer_than: int | None,
    older_than: int | None,
    is_ascending: bool,
    limit: int,
    database: str,
) -> list[PluginAuditLog]:
    """The first rows of one customer, or of everybody (None), between the positions; other columns are deferred.

    The rows have the attributes `hash_at_{position}` for each of them: the hash of the row there, or None.
    """
    places = [each for each in (newer_than, older_than) if each is not None]
    owners = [] if customers is None else list(customers)
    read = _choose_columns(frozenset(columns) if columns is not None else None)
    used = connections[database]
    sql = _write_statement(
        used.vendor,
        read,
        marks=len(places),
        is_of_one=customers is not None,
        is_newer=newer_than is not None,
        is_older=older_than is not None,
        is_ascending=is_ascending,
    )
    with used.cursor() as cursor:
        cursor.execute(sql, [*places, *owners, *places, limit])
        found: Sequence[Sequence[object]] = cursor.fetchall()
    rows = read.read_all(found, database=database)
    for number, place in enumerate(places, read.width):
        for row, values in zip(rows, found, strict=True):
            setattr(row, f"hash_at_{place}", values[number])
    return rows


# Clients choose the columns: the statements of the last ones are kept.
@lru_cache(maxsize=256)
def _choose_columns(columns: frozenset[str] | None) -> ModelColumns[PluginAuditLog]:
    named = frozenset(field.attname for field in PluginAuditLog._meta.concrete_fields)
    return ModelColumns(PluginAuditLog, "l", only=(named if columns is None else ALWAYS | columns) - {TEXT})


@lru_cache(maxsize=256)
def _write_statement(
    vendor: str,  # noqa: ARG001 - names are quoted for the database
    read: ModelColumns[PluginAuditLog],
    *,
    marks: int,
    is_of_one: bool,
    is_newer: bool,
    is_older: bool,
    is_ascending: bool,
) -> str:
    hashes = f", (SELECT o.hash FROM {OTHER.table} WHERE o.position = %s)" * marks  # noqa: S608 - names of webnet's own
    wanted = {"l.customer_id = %s": is_of_one, "l.position > %s": is_newer, "l.position < %s": is_older}
    conditions = " AND ".join(condition for condition, is_given in wanted.items() if is_given)
    where = f" WHERE {conditions}" if conditions else ""
    direction = "ASC" if is_ascending else "DESC"
    return f"SELECT {read.sql}{hashes} FROM {read.table}{where} ORDER BY l.position {direction} LIMIT %s"  # noqa: S608 - as above
