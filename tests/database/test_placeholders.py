"""Placeholders of statements on SQLite are converted as Django does it, and of one that comes again only once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's driver takes placeholders as they are."),
]


@pytest.mark.parametrize(
    ("sql", "parameters", "found"),
    [
        ("SELECT %s", [1], 1),
        ("SELECT %s || '%%'", ["a"], "a%"),
        ("SELECT '%%s' || %s", ["a"], "%sa"),
        ("SELECT %(name)s", {"name": "a"}, "a"),
        ("SELECT '%s'", None, "%s"),
        ("SELECT " + "%s + " * 900 + "%s", [1] * 901, 901),
    ],
)
def test_a_statement_finds_what_its_parameters_say(sql: str, parameters: object, found: object) -> None:
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)  # type: ignore[arg-type]
            assert cursor.fetchone() == (found,)


def test_a_statement_is_converted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    converted: list[str] = []
    convert = SQLiteCursorWrapper.convert_query

    def note(cursor: object, query: str, **options: object) -> str:
        converted.append(query)
        return convert(cursor, query, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(SQLiteCursorWrapper, "convert_query", note)
    for value in (1, 2, 3):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s -- of this test", [value])
            assert cursor.fetchone() == (value,)

    assert converted == ["SELECT %s -- of this test"]
