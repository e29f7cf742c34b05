"""Clears the tests' database after a test that commits, and shows before each test that it is clean.

Django would truncate every table and create content types and permissions again. Deleting the rows that are there takes
a tenth of that time. Tables, triggers and rows are compared with those before the test: it must not leave any behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias
from unittest import mock

from django.db import connection, transaction
from django.test import TransactionTestCase

from webnet.audit import triggers as audit_triggers
from webnet.audit.models import Generation
from webnet.audit.operation import create_generation
from webnet.plugins.gate import effective

GENERATIONS = "plugins_generation"
# Django creates these after migrating, from the models alone, so they are the same for every test.
KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})
SCHEMA = {
    "sqlite": """
        SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'trigger') AND name NOT LIKE 'sqlite~_%'
        ESCAPE '~'
    """,
    "postgresql": """
        SELECT 'table', relname, NULL FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'trigger', tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    """,
}
# (table or trigger, its name, what it is made of).
Schema: TypeAlias = "frozenset[tuple[str, str, str | None]]"
WAY_OUT = "Mark a test that changes tables or triggers with @pytest.mark.changes_tables, and restore them at its end."


class Unclean(AssertionError):
    """A test left something in the database, or in the process's caches, for later tests."""


@dataclass(frozen=True)
class State:
    """What is in the database between two tests: its tables and triggers, how many rows, the platform's generation."""

    schema: Schema
    rows: dict[str, int]
    token: str | None


class TestDatabase:
    """The database of a test run; `usual` is its state after the migrations."""

    __test__ = False  # pytest would collect it by its name

    def __init__(self) -> None:
        self.usual = self._expected = _read_state()
        if not audit_triggers.are_installed(connection):
            raise Unclean("The audit log's triggers are missing in the new database.")
        # Rows that a plugin's migrations made: only Django's flush removes them for all tests, as documented.
        self._is_always_flushed = not self.usual.rows.keys() <= KEPT | {GENERATIONS}

    def check(self) -> None:
        """Raise Unclean if the database is not as it was after the last committing test."""
        expected, self._expected = self._expected, _read_state()  # kept, so that one fault is reported once
        faults = [*_compare(expected, self._expected), *_find_kept_cache(self._expected.token)]
        if faults:
            effective.platforms.clear()
            raise Unclean(f"An earlier test left something behind. {' '.join(faults)}")

    @contextmanager
    def clearing(self, *, is_flushed: bool) -> Iterator[None]:
        """Clear the database at the end of committing tests within the block; `is_flushed` selects Django's flush."""
        # Private, since Django offers no other place; see also below.
        flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # noqa: SLF001

        def tear_down(case: Any) -> None:
            is_special = case.available_apps is not None or case.serialized_rollback
            if is_flushed or is_special or self._is_always_flushed:
                self._flush(partial(flush, case))
            elif faults := self._delete():
                self._flush(partial(flush, case))
                raise Unclean(f"This test changed the database. {' '.join(faults)} {WAY_OUT}")

        # pytest-django instantiates this class itself, so the method can't be overridden in a subclass.
        with mock.patch.object(TransactionTestCase, "_fixture_teardown", tear_down):
            yield

    def _delete(self) -> list[str]:
        """Delete all rows that a test has written; or report what else it changed, and delete nothing."""
        schema = _read_schema()
        if schema != self.usual.schema:
            return [_describe_schema(self.usual.schema, schema)]
        rows = _count_rows(_tables(schema))
        kept = ((table, self.usual.rows.get(table, 0), rows.get(table, 0)) for table in sorted(KEPT))
        if faults := [_describe_count(table, before, now) for table, before, now in kept if before != now]:
            return faults
        _delete_rows([table for table in rows if table not in KEPT])
        create_generation(None)
        self._expected = replace(self.usual, token=_read_token())
        return []

    def _flush(self, flush: Callable[[], None]) -> None:
        audit_triggers.remove(connection)
        flush()
        audit_triggers.install(connection)
        usual, self._expected = self.usual, _read_state()
        if self._expected.schema != usual.schema:
            self.usual = replace(usual, schema=self._expected.schema)  # so that one fault is reported once
            changed = _describe_schema(usual.schema, self._expected.schema)
            raise Unclean(f"This test changed the database. {changed} {WAY_OUT}")


def _read_state() -> State:
    schema = _read_schema()
    return State(schema=schema, rows=_count_rows(_tables(schema)), token=_read_token())


def _read_token() -> str | None:
    return Generation.objects.filter(customer=None).values_list("token", flat=True).first()


def _read_schema() -> Schema:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA[connection.vendor])
        return frozenset(cursor.fetchall())


def _tables(schema: Schema) -> list[str]:
    return sorted(name for kind, name, _ in schema if kind == "table")


def _count_rows(tables: list[str]) -> dict[str, int]:
    """How many rows are in each table that has some; in one statement, since it runs for every test."""
    quote = connection.ops.quote_name
    counts = ", ".join(f"(SELECT count(*) FROM {quote(table)})" for table in tables)  # noqa: S608 - tables' own names
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return {table: count for table, count in zip(tables, cursor.fetchone(), strict=True) if count}


def _delete_rows(tables: list[str]) -> None:
    """Delete all their rows; sequences continue, as after Django's flush."""
    audited = audit_triggers.RESERVED.keys() & set(tables)
    # In any order: foreign keys are checked when the transaction ends.
    with (
        transaction.atomic(),
        audit_triggers.deletes_allowed(connection, tables=audited),
        connection.cursor() as cursor,
    ):
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table's own name


def _compare(expected: State, found: State) -> Iterator[str]:
    if expected.schema != found.schema:
        yield _describe_schema(expected.schema, found.schema)
    for table in sorted(expected.rows.keys() | found.rows.keys()):
        before, now = expected.rows.get(table, 0), found.rows.get(table, 0)
        if before != now:
            yield _describe_count(table, before, now)
    if expected.token != found.token:
        yield "The platform's generation was renewed."


def _describe_count(table: str, before: int, now: int) -> str:
    return f"Rows of '{table}': {now} now, {before} before."


def _describe_schema(expected: Schema, found: Schema) -> str:
    known = {(kind, name) for kind, name, _ in expected}
    changed = [f"{kind} '{name}' is missing or changed" for kind, name, _ in sorted(expected - found, key=str)]
    new = [f"{kind} '{name}' is new" for kind, name, _ in sorted(found, key=str) if (kind, name) not in known]
    text = ", ".join([*changed, *new])
    return f"{text[:1].upper()}{text[1:]}."


def _find_kept_cache(token: str | None) -> Iterator[str]:
    """Between tests there are no plugins in the database, so none may be cached under its generation."""
    kept = effective.platforms.get(token) if token else None
    if kept is not None and kept.plugins:
        yield f"The plugins of an earlier test are cached under this one's generation: {', '.join(kept.plugins)}."
