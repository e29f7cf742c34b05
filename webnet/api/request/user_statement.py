"""The statement that reads users by their keys, for lists that name somebody in each row.

It is written by hand, since Django would compile it anew for each list. The tests compare it with the query that says
the same.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from django.db import connection

from webnet.customers.models import Membership, User
from webnet.database.model_columns import ModelColumns


def read_users(
    pks: Collection[int], *, columns: Collection[str] | None, viewer: int | None, operated: Collection[int] | None
) -> list[User]:
    """The users with these primary keys that are the viewer, or members of one of these customers; None means all.

    They have these columns, or all of them; the others are deferred.
    """
    if not pks:
        return []
    read = _choose_columns(frozenset(columns) if columns is not None else None)
    with connection.cursor() as cursor:
        if operated is None:
            cursor.execute(_write_statement(connection.vendor, read, pks=len(pks)), list(pks))
        else:
            sql = _write_statement(connection.vendor, read, pks=len(pks), operated=len(operated))
            cursor.execute(sql, [*pks, viewer or 0, *operated])
        return read.read_all(cursor.fetchall())


# Clients choose the columns: the statements of the last ones are kept.
@lru_cache(maxsize=256)
def _choose_columns(columns: frozenset[str] | None) -> ModelColumns[User]:
    return ModelColumns(User, "u", only=columns if columns is None else columns | {"id"})


# By the number of rows, up to that of a page of the longest kind.
@lru_cache(maxsize=256)
def _write_statement(
    vendor: str,  # noqa: ARG001 - names are quoted for the database
    read: ModelColumns[User],
    *,
    pks: int,
    operated: int | None = None,
) -> str:
    sql = f"SELECT {read.sql} FROM {read.table} WHERE u.id IN ({_write_places(pks)})"  # noqa: S608 - names of webnet's own
    if operated is None:
        return sql
    members = ModelColumns(Membership, "m").table
    of_customers = f"SELECT m.user_id FROM {members} WHERE m.customer_id IN ({_write_places(operated)})"  # noqa: S608 - as above
    return f"{sql} AND (u.id = %s{f' OR u.id IN ({of_customers})' if operated else ''})"


def _write_places(count: int) -> str:
    return ", ".join(["%s"] * count)
