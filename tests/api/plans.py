"""How the database would run a statement, and how much of it is work."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection


def explain(sql: str, *, with_everything: bool = False) -> str:
    """The plan; PostgreSQL, which would sort so few rows, has to do without wherever it can.

    `with_everything`: The plan that is taken, with nothing switched off.
    """
    without = ("sort", "seqscan", "bitmapscan") if connection.vendor == "postgresql" and not with_everything else ()
    with connection.cursor() as cursor:
        for node in without:
            cursor.execute(f"SET enable_{node} = off")
        try:
            cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}")
            return "\n".join(str(row[-1]) for row in cursor.fetchall())
        finally:
            if without:
                cursor.execute("RESET ALL")


def count_rows_read(sql: str) -> int:
    """How much the statement reads: rows and index entries on PostgreSQL, steps of the virtual machine on SQLite."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            found = cursor.fetchone()[0]
            return _rows_of((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        connection.connection.set_progress_handler(count, 1)
        try:
            cursor.execute(sql).fetchall()
        finally:
            connection.connection.set_progress_handler(None, 0)
        return steps


def _rows_of(plan: dict[str, Any]) -> int:
    read = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return int(read) + sum(map(_rows_of, plan.get("Plans", ())))


def analyze(*tables: str) -> None:
    """Let PostgreSQL count the rows, as it does by itself after a while; SQLite does without.

    Nothing is left of the rows of earlier tests: they make an index long, and which one is shorter decides a plan.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f'VACUUM (FULL, ANALYZE) "{table}"')


def forget_statistics(*tables: str) -> None:
    """Let PostgreSQL know nothing of the tables' rows: what it has counted in an earlier test outlives them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute("DELETE FROM pg_statistic WHERE starelid = %s::regclass", [table])
                cursor.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = %s::regclass", [table])
