"""Reads from the database's own catalogue how every table is defined, so that two moments can be compared.

Also those tables whose models are not installed. On both databases: tables and views, columns, constraints, indexes and
triggers, and which rows were written; on PostgreSQL also owners, privileges, rules and the functions behind triggers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, kw_only=True, order=True)
class Part:
    """The part of a table that is meant; `kind` and `name` are as a sentence names them."""

    table: str
    kind: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """How the part is defined, as text that is compared as a whole; `targets` are the tables that it points at."""

    text: str
    targets: frozenset[str] = frozenset()


Catalogue = dict[Part, Definition]

TABLE = "table"
TEMPORARY_TABLE = "temporary table"
# With which PostgreSQL enforces foreign keys, on both of their tables.
KEY_TRIGGER = "foreign key trigger"

# One row for each part: table, kind, name, definition, and the names of the tables that it points at. %s is the schema
# whose tables are named without it. Functions can be replaced under a trigger's name, so their source is compared too;
# the catalogue's own number (oid) shows that a table was dropped and created again. A temporary table hides one of the
# same name for the session, so it is listed under that name.
_POSTGRESQL = r"""
WITH tables AS (
    SELECT c.*, c.relnamespace = pg_my_temp_schema() AS is_temporary,
        CASE WHEN n.nspname = %s THEN '' ELSE n.nspname || '.' END || c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
        AND (n.nspname !~ '^pg_' OR c.relnamespace = pg_my_temp_schema())
), keys AS (
    SELECT k.conrelid, k.conkey, t.name AS target FROM pg_constraint k JOIN tables t ON t.oid = k.confrelid
    WHERE k.contype = 'f'
)
SELECT CASE WHEN is_temporary THEN relname::text ELSE name END,
    CASE WHEN is_temporary THEN 'temporary table' ELSE 'table' END, '',
    concat_ws(' ', oid, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, relispartition), NULL
FROM tables
UNION ALL
SELECT t.name, 'column', a.attname::text,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
        a.attidentity, a.attgenerated, a.attcollation, a.attacl),
    (SELECT array_agg(target) FROM keys WHERE keys.conrelid = t.oid AND a.attnum = ANY (keys.conkey))
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
UNION ALL
SELECT t.name, 'constraint', k.conname::text, concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated),
    ARRAY[target.name]
FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype <> 'n'
LEFT JOIN tables target ON target.oid = k.confrelid
UNION ALL
SELECT t.name, 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), NULL
FROM tables t JOIN pg_index i ON i.indrelid = t.oid
WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT t.name, CASE WHEN g.tgisinternal THEN 'foreign key trigger' ELSE 'trigger' END, g.tgname::text,
    concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled, f.prosrc),
    ARRAY[target.name]
FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid JOIN pg_proc f ON f.oid = g.tgfoid
LEFT JOIN tables target ON target.oid = g.tgconstrrelid
UNION ALL
SELECT t.name, 'rule', r.rulename::text, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled), NULL
FROM tables t JOIN pg_rewrite r ON r.ev_class = t.oid
"""
# The file of a table's rows is another one after TRUNCATE. The numbers are of this transaction, and sometimes also of
# earlier ones of the session, so only their difference means something.
_POSTGRESQL_ROWS = """
SELECT s.relname, concat_ws(' ', c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del)
FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.schemaname = %s
"""
# Not SQLite's own tables: it keeps the next primary keys of all others in one of them.
_SQLITE = "SELECT type, name, tbl_name, sql FROM {} WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'sqlite!_%' ESCAPE '!'"
_SQLITE_COLUMNS = """
SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
FROM sqlite_master m, pragma_table_xinfo(m.name, 'main') x
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'
"""
_SQLITE_KEYS = """
SELECT m.name, k."from", k."table" FROM sqlite_master m, pragma_foreign_key_list(m.name, 'main') k
WHERE m.type = 'table'
"""
_SQLITE_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})


def find_schema() -> str:
    """The schema of webnet's own tables; on SQLite the one there is."""
    return str(_fetch("SELECT current_schema()")[0][0]) if connection.vendor == "postgresql" else "main"


def read_catalogue(schema: str) -> Catalogue:
    """Every part of every table as it is now; tables of that schema are named without it."""
    if connection.vendor == "postgresql":
        return {
            Part(table=table, kind=kind, name=name): Definition(
                text=text, targets=frozenset(filter(None, targets or ()))
            )
            for table, kind, name, text, targets in _fetch(_POSTGRESQL, schema)
        }
    return dict(_read_sqlite())


@contextmanager
def rows_watched(schema: str) -> Iterator[set[str]]:
    """A set that, after the block, has the tables whose rows a statement in the block inserted, updated or deleted.

    On SQLite, the transaction can't be ended in the block, since `database.held_transaction` needs foreign keys.
    """
    written: set[str] = set()
    if connection.vendor == "postgresql":
        before = dict(_fetch(_POSTGRESQL_ROWS, schema))
        yield written
        after = dict(_fetch(_POSTGRESQL_ROWS, schema))
        written |= {table for table in before.keys() & after.keys() if before[table] != after[table]}
        return

    def note(action: int, table: str | None, *_: Any) -> int:
        if action in _SQLITE_WRITES and table is not None:
            written.add(table)
        # What has ended the transaction could not be undone.
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK

    # SQLite asks it about each statement that it prepares; statements that were prepared before are prepared again.
    connection.connection.set_authorizer(note)
    try:
        yield written
    finally:
        if connection.connection is not None:
            connection.connection.set_authorizer(None)


def _read_sqlite() -> Iterator[tuple[Part, Definition]]:
    keys: dict[str, dict[str, set[str]]] = {}
    for table, column, target in _fetch(_SQLITE_KEYS):
        keys.setdefault(table, {}).setdefault(column, set()).add(target)
    for kind, name, table, sql in _fetch(_SQLITE.format("sqlite_master")):
        if kind in ("table", "view"):
            targets = frozenset(target for column in keys.get(table, {}).values() for target in column)
            yield Part(table=table, kind=TABLE), Definition(text=sql, targets=targets)
        else:
            yield Part(table=table, kind=kind, name=name), Definition(text=sql)
    for kind, name, table, sql in _fetch(_SQLITE.format("sqlite_temp_master")):
        part = Part(table=table, kind=TEMPORARY_TABLE) if kind == "table" else Part(table=table, kind=kind, name=name)
        yield part, Definition(text=sql)
    for table, column, *text in _fetch(_SQLITE_COLUMNS):
        targets = frozenset(keys.get(table, {}).get(column, ()))
        yield Part(table=table, kind="column", name=column), Definition(text=repr(text), targets=targets)


def _fetch(sql: str, *parameters: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
