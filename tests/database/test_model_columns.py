"""Rows of statements that are written by hand become the instances that a query of Django's returns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from tests.factories import make_customer, make_member, make_token
from tests.plugins.audit_logs import write_rows
from webnet.audit.models import AuditHead, Generation, PluginAuditLog
from webnet.customers.models import ApiToken, Customer, Membership, Role, User
from webnet.database.model_columns import ModelColumns
from webnet.values.json_text import read_stored_json, write_json

pytestmark = pytest.mark.django_db

MODELS = (ApiToken, AuditHead, Customer, Generation, Membership, PluginAuditLog, User)


@pytest.fixture(autouse=True)
def _rows() -> None:
    acme = make_customer("acme")
    ada = make_member("ada", acme, Role.OPERATOR, last_login=datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC))
    make_token(ada, expires_at=timezone.now(), only_customer=acme)
    write_rows(5, customers=[None, acme])


def read(columns: ModelColumns[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns.sql} FROM {columns.table} ORDER BY 1")  # noqa: S608 - names of webnet's own
        return columns.read_all(cursor.fetchall())


def values_of(row: models.Model) -> dict[str, tuple[type, object]]:
    stored = {name: value for name, value in vars(row).items() if name != "_state"}
    return {name: (type(value), value) for name, value in stored.items()}


@pytest.mark.parametrize("model", MODELS)
def test_all_columns_have_the_values_of_a_query(model: type[models.Model]) -> None:
    expected = list(model._default_manager.order_by(model._meta.pk.attname))

    found = read(ModelColumns(model, "x"))

    assert [values_of(row) for row in found] == [values_of(row) for row in expected]
    assert expected
    assert {(row._state.db, row._state.adding) for row in found} == {("default", False)}


def test_other_columns_than_the_given_ones_are_deferred() -> None:
    found = read(ModelColumns(PluginAuditLog, "l", only={"position", "after", "created_at"}))

    expected = PluginAuditLog.objects.only("position", "after", "created_at").order_by("position")
    assert [values_of(row) for row in found] == [values_of(row) for row in expected]
    assert found[0].action == "update_plugin_settings"


def test_a_row_may_have_more_than_the_columns() -> None:
    columns = ModelColumns(Customer, "c", only={"id", "slug"})

    (found,) = columns.read_all([(1, "acme", "what else was selected")])

    assert values_of(found) == {"id": (int, 1), "slug": (str, "acme")}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite has times without a type.")
def test_a_time_that_was_stored_with_a_zone_keeps_its_instant() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_user SET last_login = '2026-03-01 12:00:00+02:00'")

    (found,) = read(ModelColumns(User, "u"))

    assert found.last_login == User.objects.get().last_login == datetime(2026, 3, 1, 10, tzinfo=UTC)


TEXTS = (
    "null",
    "true",
    "0",
    "-0.0",
    "1e20",
    "123456789012345678901234567890",
    '"é"',
    '"\\ud83d\\ude00"',
    "[]",
    "{}",
    '{"a": 1, "a": 2}',
    '{"b": 1, "a": [1.5, null, {"c": "\\u0000"}]}',
    ' {"a": 1} ',
    '\n"x"',
    "NaN",
    "[Infinity]",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_json_text_is_read_as_python_reads_it(text: str) -> None:
    expected = json.loads(text)

    assert repr(read_stored_json(text)) == repr(expected)


def test_no_text_is_none() -> None:
    assert read_stored_json(None) is None


@pytest.mark.parametrize("text", ["", "{", "1 2", '{"a": 1} x', "nul"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Extra data"):
        read_stored_json(text)


def test_what_was_written_is_read_again() -> None:
    value = {"é": [1, 2.5, None, True, {"x": "y" * 1_000}], "n": 2**80}

    assert read_stored_json(write_json(value)) == value
