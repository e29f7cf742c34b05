"""Lookups of text: what is found in which case, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F, TextField, Value
from django.db.models.functions import Lower, Upper
from gauges.models import Gauge

from tests.factories import make_customer, make_user
from webnet.audit.models import PluginAuditLog
from webnet.audit.search import containing
from webnet.customers.models import Customer, User
from webnet.database.sqlite import base
from webnet.plugins.checks import check_letter_case

pytestmark = pytest.mark.django_db

E_ACUTE_OF_TWO = "e\N{COMBINING ACUTE ACCENT}"
# The names that are searched. No two of them differ by case alone.
NAMES = (
    "Éclair",
    "Straße",
    "Привет",
    "ΣΊΣΥΦΟΣ",
    "İzmir",
    "ısı",
    "100% sure",
    "a_b",
    "back\\slash",
    "star*[x]?",
    "👩🏽\N{ZERO WIDTH JOINER}🔬 Labor",
    f"caf{E_ACUTE_OF_TWO}",
    "ᾳ",
    "Zulu",
)
# (lookup, what is sought, what is found).
FOUND = [
    ("icontains", "éCLAIR", {"Éclair"}),
    ("icontains", "CLAIR", {"Éclair"}),
    ("icontains", "STRAßE", {"Straße"}),
    ("icontains", "STRASSE", set()),
    ("icontains", "пРИВЕТ", {"Привет"}),
    ("icontains", "σίσυφοσ", {"ΣΊΣΥΦΟΣ"}),
    ("icontains", "σίσυφος", {"ΣΊΣΥΦΟΣ"}),
    ("icontains", "izm", set()),  # "İ" is a capital that "i" does not have
    ("icontains", "İZM", {"İzmir"}),
    ("icontains", "ISI", {"ısı"}),
    ("icontains", "isi", {"ısı"}),
    ("icontains", "0%", {"100% sure"}),
    ("icontains", "%", {"100% sure"}),
    ("icontains", "_", {"a_b"}),
    ("icontains", "\\S", {"back\\slash"}),
    ("icontains", "*[X]?", {"star*[x]?"}),
    ("icontains", "👩🏽\N{ZERO WIDTH JOINER}🔬 lABOR", {"👩🏽\N{ZERO WIDTH JOINER}🔬 Labor"}),
    ("icontains", f"CAF{E_ACUTE_OF_TWO.upper()}", {f"caf{E_ACUTE_OF_TWO}"}),
    ("icontains", "café", set()),  # The same letter in one character is another text.
    ("icontains", "ᾼ", {"ᾳ"}),
    ("icontains", "", set(NAMES)),
    ("istartswith", "éc", {"Éclair"}),
    ("istartswith", "lair", set()),
    ("istartswith", "ПРИ", {"Привет"}),
    ("istartswith", "1%", set()),
    ("iendswith", "ВЕТ", {"Привет"}),
    ("iendswith", "φος", {"ΣΊΣΥΦΟΣ"}),
    ("iendswith", "При", set()),
    ("iexact", "éCLAIR", {"Éclair"}),
    ("iexact", "éCLAI", set()),
    ("iexact", "A_B", {"a_b"}),
    ("iexact", "a%", set()),
    ("iexact", "BACK\\SLASH", {"back\\slash"}),
    ("iregex", "^éc", {"Éclair"}),
    ("iregex", "ПРИ.ЕТ", {"Привет"}),
    ("iregex", "^z", {"Zulu"}),
    ("contains", "zulu", set()),
    ("contains", "ulu", {"Zulu"}),
    ("contains", "éclair", set()),
    ("contains", "clair", {"Éclair"}),
    ("contains", "0%", {"100% sure"}),
    ("contains", "_", {"a_b"}),
    ("contains", "k\\s", {"back\\slash"}),
    ("contains", "r*[x]?", {"star*[x]?"}),
    ("contains", "?]", set()),
    ("contains", "]", {"star*[x]?"}),
    ("startswith", "zu", set()),
    ("startswith", "Zu", {"Zulu"}),
    ("endswith", "LU", set()),
    ("endswith", "lu", {"Zulu"}),
]


@pytest.fixture
def names():
    for number, name in enumerate(NAMES):
        make_user(f"user-{number}", name=name)


@pytest.mark.parametrize(("lookup", "sought", "found"), FOUND)
def test_a_lookup_finds_the_same_texts_on_both_databases(names, lookup, sought, found):
    assert {user.name for user in User.objects.filter(**{f"name__{lookup}": sought})} == found


@pytest.mark.parametrize(("lookup", "sought", "found"), [row for row in FOUND if row[0] != "iregex"])
def test_a_lookup_by_another_column_finds_the_same(names, lookup, sought, found):
    User.objects.update(email=sought)

    assert {user.name for user in User.objects.filter(**{f"name__{lookup}": F("email")})} == found


def test_lower_and_upper_change_each_character_alone(names):
    rows = User.objects.annotate(lower=Lower("name"), upper=Upper("name"))

    found = {row.name: (row.lower, row.upper) for row in rows}

    assert found["Éclair"] == ("éclair", "ÉCLAIR")
    assert found["Straße"] == ("straße", "STRAßE")
    assert found["ΣΊΣΥΦΟΣ"] == ("σίσυφοσ", "ΣΊΣΥΦΟΣ")
    assert found["İzmir"] == ("izmir", "İZMIR")
    assert found["ısı"] == ("ısı", "ISI")
    assert found["ᾳ"] == ("ᾳ", "ᾼ")


def test_several_characters_without_a_capital_stay_as_they_are():
    assert base.upper("ŉ groß ﬁn ß") == "ŉ GROß ﬁN ß"


def test_a_number_is_compared_as_text():
    customer = make_customer()

    assert list(Customer.objects.filter(pk__icontains=str(customer.pk))) == [customer]
    assert not Customer.objects.filter(pk__icontains="x").exists()
    assert not Customer.objects.alias(none=Value(None, output_field=TextField())).filter(none__icontains="").exists()


def test_the_letters_of_json_are_found_in_either_case():
    stored = {"title": "Grüße aus ŁÓDŹ", "path": "C:\\users", "tab": "\t"}
    Gauge.objects.create(customer=make_customer("acme"), data=stored)

    def found(**lookup: object) -> bool:
        return Gauge.objects.filter(**lookup).exists()

    assert found(data__icontains='"TITLE": "GRÜßE AUS łódź"') and found(data__title__icontains="łódź")
    assert found(data__title__iexact="grüße aus łódź") and found(data__title__istartswith="grÜ")
    assert not found(data__icontains="u0141") and found(data__icontains="C:\\\\USERS")
    assert found(data=stored)


@pytest.mark.parametrize("sought", ["łódź", "GRÜßE", "привет", "ÄPFEL", "ŁUKASZ"])
def test_the_audit_log_is_searched_in_either_case(sought):
    write_row(1, reason="Grüße aus ŁÓDŹ, Привет", actor_name="łukasz", after={"title": "äpfel"})
    write_row(2, reason="Nothing")

    assert [row.position for row in containing(PluginAuditLog.objects.all(), sought)] == [1]


def write_row(position, **columns):
    PluginAuditLog.objects.create(
        position=position, sequence=position, chain="test", created_at="2030-01-01T00:00Z", **columns
    )


@pytest.mark.postgresql
@pytest.mark.parametrize(("function", "own"), [("UPPER", base.upper), ("LOWER", base.lower)])
def test_every_character_has_the_case_that_postgresql_gives_it(function, own):
    characters = "".join(chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [characters])
        ((expected,),) = cursor.fetchall()

    assert "".join(map(str, map(own, characters))) == expected


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's own index of the kind needs no rebuilding.")
class TestAnIndexByLower:
    """One from before: its rows are in it under what SQLite's own LOWER made of them."""

    @pytest.fixture
    def index(self):
        make_user("one", name="Éclair")
        with connection.cursor() as cursor:
            cursor.connection.create_function(
                "LOWER", 1, lambda text: text.encode().lower().decode(), deterministic=True
            )
            cursor.execute("CREATE UNIQUE INDEX old_names ON customers_user (LOWER(name)) WHERE name <> ''")
            yield cursor
            cursor.execute("DROP INDEX IF EXISTS old_names")
            cursor.connection.create_function("LOWER", 1, base.lower, deterministic=True)

    def test_is_rebuilt_by_the_migration(self, index):
        index.connection.create_function("LOWER", 1, base.lower, deterministic=True)
        by_index = "SELECT name FROM customers_user INDEXED BY old_names WHERE LOWER(name) = 'éclair' AND name <> ''"
        assert index.execute(by_index).fetchall() == []

        migrate()

        assert index.execute(by_index).fetchall() == [("Éclair",)]

    def test_of_rows_that_are_equal_now_is_left_and_named(self, index, caplog):
        make_user("two", name="éclair")
        index.connection.create_function("LOWER", 1, base.lower, deterministic=True)

        with caplog.at_level(logging.WARNING):
            migrate()

        assert "The index 'old_names' is not rebuilt" in caplog.text


def migrate():
    editor = SimpleNamespace(connection=connection)
    import_module("webnet.customers.migrations.0002_letter_case").rebuild_indexes(apps, editor)


def test_a_database_that_knows_the_case_of_all_letters_is_not_warned_of():
    assert check_letter_case(databases=["default"]) == []
