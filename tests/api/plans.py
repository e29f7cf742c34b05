"""How the database would run a statement."""

from __future__ import annotations

from django.db import connection


def explain(sql: str) -> str:
    """The plan; PostgreSQL, which would sort so few rows, has to do without wherever it can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for node in ("sort", "seqscan", "bitmapscan"):
                cursor.execute(f"SET enable_{node} = off")
        try:
            cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}")
            return "\n".join(str(row[-1]) for row in cursor.fetchall())
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("RESET ALL")
