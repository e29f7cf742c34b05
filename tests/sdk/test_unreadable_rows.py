"""Fields and filters that would fail for every row are found when the schema is built, with file and line."""

from __future__ import annotations

import datetime
from contextlib import nullcontext
from decimal import Decimal
from enum import Enum
from pathlib import Path

import pytest
import strawberry
from shelf import models
from strawberry.schema.config import StrawberryConfig

from webnet.api.declarations.filter_checks import refuse_unusable_lookups
from webnet.api.engine.checks.row_checks import refuse_unreadable_rows
from webnet.api.engine.ownership import Ownership
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import fields_of
from webnet.api.vocabulary.node import read_global_id
from webnet.api.vocabulary.scalars import SCALARS
from webnet.errors import PluginDefinitionError
from webnet.plugins.models import PluginAuditLog, PluginConfig
from webnet.sdk import graphql


class Thickness(Enum):
    THIN = 1


class Word(Enum):
    NOVEL = "novel"


graphql.enum(Thickness)
graphql.enum(Word)


def refuse(wanted: type, model: type = models.Book) -> str:
    """Why the filter is refused."""
    with pytest.raises(PluginDefinitionError) as mistake:
        refuse_unusable_lookups(graphql.filter(wanted), model)
    return mistake.value.message


def line_of(text: str) -> int:
    """The line of this file that has the text; the first, which is not here."""
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_lookup_of_a_missing_column_is_told_with_file_and_line():
    class BookFilter:
        title: str | None
        search: str | None = graphql.lookup("title__icontains", "titel__icontains")

    assert refuse(BookFilter).startswith(
        f"In 'tests/sdk/test_unreadable_rows.py', line {line_of('search: str | None = graphql.lookup(')}, the filter "
        "'BookFilter', the field 'search': 'titel__icontains' is not a lookup of 'Book': Cannot resolve keyword 'titel'"
    )


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        (str, "shelf__nmae", "'nmae'"),
        (str, "shelf__name__icontainz", "'icontainz'"),
        (str, "title__name", "'name'"),
        (list[str], "title__icontains", "'icontains__in'"),
        (int, "genre__books__pages__gtt", "'gtt'"),
        (Word, "pages", "does not fit 'pages' of 'Book': Field 'pages' expected a number but got"),
        (int, "shelf__isnull", "does not fit 'shelf__isnull': make it a bool"),
    ],
)
def test_a_lookup_that_can_not_work_is_refused(kind, path, words):
    wanted = type("BookFilter", (), {"__annotations__": {"given": kind | None}, "given": graphql.lookup(path)})

    assert words in refuse(wanted)


@pytest.mark.parametrize(
    ("model", "kind", "path"),
    [
        (PluginAuditLog, int, "created_at"),
        (PluginConfig, int, "enabled"),
    ],
)
def test_a_type_that_does_not_fit_the_column_is_refused(model, kind, path):
    wanted = type("Filter", (), {"__annotations__": {"given": kind | None}, "given": graphql.lookup(path)})

    assert f"its type does not fit '{path}'" in refuse(wanted, model)


@pytest.mark.parametrize(
    ("model", "kind", "path"),
    [
        (models.Book, str, "title__iregex"),
        (models.Book, str, "pages__gte"),
        (models.Book, list[str], "shelf"),
        (models.Book, list[str], "title"),
        (models.Book, graphql.ID, "shelf"),
        (models.Book, list[graphql.ID], "pk"),
        (models.Book, int, "pages__gte"),
        (models.Book, float, "pages__gte"),
        (models.Book, Decimal, "pages__lt"),
        (models.Book, Thickness, "pages"),
        (models.Book, list[Word], "genre__name"),
        (models.Book, bool, "genre__isnull"),
        (models.Shelf, str, "books__genre__name__startswith"),
        (PluginAuditLog, datetime.datetime, "created_at__gte"),
        (PluginAuditLog, datetime.date, "created_at__date"),
        (PluginAuditLog, int, "created_at__year"),
        (PluginAuditLog, graphql.JSON, "after"),
        (PluginConfig, bool, "enabled"),
    ],
)
def test_lookups_that_work_are_taken(model, kind, path):
    wanted = type("Filter", (), {"__annotations__": {"given": kind | None}, "given": graphql.lookup(path)})

    refuse_unusable_lookups(graphql.filter(wanted), model)


def test_what_apply_handles_is_not_looked_up():
    class BookFilter:
        thick: bool | None = graphql.lookup()

        def apply(self, rows):
            raise AssertionError("this is not called without a request")

    refuse_unusable_lookups(graphql.filter(BookFilter), models.Book)


def build(*types: type, query: type | None = None) -> None:
    """Check a schema of which everything belongs to a plugin."""

    @strawberry.type(name="Empty")
    class Empty:
        nothing: int

    schema = Schema(query=query or Empty, types=types, config=StrawberryConfig(scalar_map=SCALARS))
    schema.mark_owners(Ownership(types={}, fields={}))
    owners = Ownership(types=dict.fromkeys(schema.graphql.type_map, "careless"), fields={})
    refuse_unreadable_rows(schema, owners)


def test_a_field_without_a_column_is_told_with_file_and_line():
    @graphql.type(models.Book)
    class Book:
        title: str
        startz_at: datetime.datetime

    with pytest.raises(PluginDefinitionError) as mistake:
        build(Book)

    assert mistake.value.message == (
        f"In 'tests/sdk/test_unreadable_rows.py', line {line_of('startz_at: datetime.datetime')}, the type 'Book', the "
        "field 'startz_at': 'Book' has no column, property or relation 'startz_at': correct it, or write a resolver."
    )


def make_rows(**fields: object) -> type:
    values = {name: value[1] for name, value in fields.items() if isinstance(value, tuple)}
    kinds = {name: value[0] if isinstance(value, tuple) else value for name, value in fields.items()}
    return type("Shelf", (), {"__annotations__": kinds, **values})


@graphql.type(models.Genre, name="UnreadableGenre")
class Genre:
    name: str


@graphql.type(models.Book, name="UnreadableBook")
class Book:
    title: str


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"nmae": (str, graphql.field(permission="audit"))}, "'Shelf' has no column, property or relation 'nmae'"),
        ({"boks": list[Book]}, "'Shelf' has no column, property or relation 'boks'"),
        ({"__str__": str}, "'__str__' is a method of 'Shelf': make it a property"),
        ({"books": list[Genre]}, "'books' has rows of 'Book', not of 'Genre'"),
        ({"books": graphql.Connection[Genre]}, r"write 'books: graphql.Connection\[…\] = graphql.connection\(\)'"),
        ({"volumes": (graphql.Connection[Genre], graphql.connection())}, "must have one foreign key to 'Shelf'"),
        ({"many": (int, graphql.count(models.Genre))}, "'Genre' must have one foreign key to 'Shelf'"),
    ],
)
def test_a_field_that_no_row_can_answer_is_refused(fields, words):
    shown = graphql.type(models.Shelf)(make_rows(**fields))

    with pytest.raises(PluginDefinitionError, match=words):
        build(shown)


@pytest.mark.parametrize(
    ("name", "kind"), [("id", graphql.auto), ("id", graphql.ID), ("pk", int), ("customer_id", graphql.BigInt)]
)
def test_a_primary_key_that_counts_the_rows_of_everybody_is_no_field(name, kind):
    shown = graphql.type(models.Shelf)(make_rows(**{name: kind}))

    with pytest.raises(
        PluginDefinitionError, match=f"'{name}' is a number that counts everybody's rows: use the id of"
    ):
        build(shown)


def test_the_id_of_a_node_is_sealed_and_what_a_resolver_returns_is_up_to_it():
    @graphql.type(models.Shelf, name="NumberedShelf")
    class NumberedShelf(graphql.Node):
        id: graphql.auto

        @graphql.field
        @staticmethod
        def pk(root: graphql.Parent[models.Shelf]) -> int:
            return root.pk

    build(NumberedShelf)

    (id_field,) = (each for each in fields_of(NumberedShelf) if each.python_name == "id")
    assert read_global_id(id_field.base_resolver(models.Shelf(pk=7))) == ("NumberedShelf", "7")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ((list[Book], graphql.field()), None),
        ((graphql.Connection[Book], graphql.connection()), None),
        ((list[Book], strawberry.UNSET), "a root field needs a resolver"),
        ((int, graphql.field()), "write a resolver: only a type made with graphql.type"),
        ((int, graphql.node()), r"graphql.node\(\) finds rows"),
        ((int, graphql.count(models.Book)), r"graphql.count\(\) counts the rows of a row"),
    ],
)
def test_a_root_field_has_a_resolver_or_rows(field, words):
    query = strawberry.type(make_rows(found=field), name="Query")

    with pytest.raises(PluginDefinitionError, match=words) if words else nullcontext():
        build(query=query)


def test_properties_and_announced_attributes_are_columns(monkeypatch):
    monkeypatch.setattr(models.Shelf, "length", property(lambda self: 1), raising=False)
    monkeypatch.setitem(models.Shelf.__annotations__, "book_total", int)

    build(graphql.type(models.Shelf)(make_rows(length=int, book_total=int, books=list[Book], name=str)))


def test_the_sample_plugins_have_none():
    full = full_schema()

    refuse_unreadable_rows(full.schema, full.owners)

    assert {"shelf", "labels"} <= full.owners.plugins
