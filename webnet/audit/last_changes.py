"""The last change of each of many plugins, for everybody or for a customer, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection

from webnet.audit.log import PLATFORM_CHAIN
from webnet.audit.models import PluginAuditLog
from webnet.database.model_columns import ModelColumns

# A customer's primary key, or None for everybody, and a plugin's name.
Pair = tuple[int | None, str]

# What is searched through or hashed, but never shown.
ROW = ModelColumns(PluginAuditLog, "l", only={field.attname for field in PluginAuditLog._meta.fields} - {"text"})
# The condition of the index `audit_changes_of_plugin`, as it stands there: SQLite uses a partial index only for that,
# and not if its values are parameters.
HEALTH_CHECK = "check_plugin_health"
IS_CHANGE = f"c.outcome = 'succeeded' AND NOT (c.action = '{HEALTH_CHECK}')"
# Two parameters for each, of which SQLite takes 32,766 at most.
PAIRS_PER_STATEMENT = 1_000


def find_last_changes(pairs: Collection[Pair]) -> Mapping[Pair, PluginAuditLog]:
    """The newest row about a change of each pair that has one; a health check is no change."""
    by_chain = {
        (PLATFORM_CHAIN if customer is None else str(customer), name): (customer, name) for customer, name in pairs
    }
    wanted = list(by_chain)
    found: dict[Pair, PluginAuditLog] = {}
    for start in range(0, len(wanted), PAIRS_PER_STATEMENT):
        part = wanted[start : start + PAIRS_PER_STATEMENT]
        with connection.cursor() as cursor:
            cursor.execute(_write_statement(len(part)), [value for pair in part for value in pair])
            rows = ROW.read_all(cursor.fetchall())
        found.update((by_chain[row.chain, row.plugin_name], row) for row in rows)
    return found


def _write_statement(count: int) -> str:
    pairs = ", ".join(["(%s, %s)"] * count)
    table = connection.ops.quote_name(PluginAuditLog._meta.db_table)
    wanted = f"WITH wanted (chain, plugin_name) AS (VALUES {pairs}) SELECT {ROW.sql} FROM wanted w"  # noqa: S608 - our own names
    changes = f"FROM {table} c WHERE c.chain = w.chain AND c.plugin_name = w.plugin_name AND {IS_CHANGE}"
    last = "ORDER BY c.position + 0 DESC LIMIT 1"  # The order of that index.
    if connection.vendor == "postgresql":
        return f"{wanted} CROSS JOIN LATERAL (SELECT c.* {changes} {last}) l"
    # SQLite has no LATERAL.
    return f"{wanted} JOIN {ROW.table} ON l.position = (SELECT c.position {changes} {last})"
