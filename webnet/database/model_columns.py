"""The columns of models in a statement that is written by hand, and the models' instances from its rows.

Django compiles a query anew each time, which takes much longer than to run one that finds a row by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from threading import local
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Field, Model
from django.db.models.signals import post_save, pre_save

from webnet.values.json_text import JsonTextField, read_stored_json
from webnet.values.row_models import make_instances

SomeModel = TypeVar("SomeModel", bound=Model)
# (the name of a column, what makes a value of the model's field of its value)
Conversion = tuple[str, Callable[[Any], Any]]


class ModelColumns(Generic[SomeModel]):
    """The columns of a model whose table has this alias in the statement: all, or these, and others are deferred."""

    def __init__(self, model: type[SomeModel], alias: str, *, only: Collection[str] | None = None) -> None:
        self.model = model
        self.alias = alias
        self._fields: Sequence[Field[Any, Any]] = [
            field for field in model._meta.concrete_fields if only is None or field.attname in only
        ]
        self._names = [field.attname for field in self._fields]
        self._known = _Known()

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self._fields)

    @property
    def sql(self) -> str:
        """What is selected."""
        return ", ".join(self._select(field) for field in self._fields)

    def _select(self, field: Field[Any, Any]) -> str:
        column = f"{self.alias}.{_quote(field.column)}"
        # SQLite's driver has each time parsed by a function in Python, by the type that the column was declared with:
        # an expression has none, and its text is read here in a quarter of the time.
        is_parsed = connection.vendor == "sqlite" and isinstance(field, DateTimeField)
        return f"+{column}" if is_parsed else column

    @property
    def table(self) -> str:
        """The table with its alias."""
        return f"{connection.ops.quote_name(self.model._meta.db_table)} {self.alias}"

    def read(self, values: Sequence[Any]) -> SomeModel:
        """The instance with these values of its columns, as a query has it."""
        return self.read_all([values])[0]

    def read_all(self, rows: Iterable[Sequence[Any]], *, database: str = DEFAULT_DB_ALIAS) -> list[SomeModel]:
        """The instances of rows of the database with this alias; what a row has beyond the columns is left alone."""
        used, known = connections[database], self._known
        if known.connection is not used:
            known.connection, known.conversions = used, tuple(self._find_conversions(used))
        names, found = self._names, []
        for values in rows:
            row = dict(zip(names, values, strict=False))
            for name, convert in known.conversions:
                row[name] = convert(row[name])
            found.append(row)
        return make_instances(self.model, database, found)

    def insert(self, row: SomeModel) -> None:
        """As `row.save(force_insert=True)` for a row that has its key, which the database does not choose."""
        if has_receivers(self.model):
            row.save(force_insert=True)
            return
        values = self._prepare(row, self._fields, add=True)
        with connection.cursor() as cursor:
            cursor.execute(_write_insert(self.model, connection.vendor), values)
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    def update(self, row: SomeModel, names: tuple[str, ...]) -> None:
        """As `row.save(update_fields=names)`."""
        if has_receivers(self.model):
            row.save(update_fields=names)
            return
        fields = [self.model._meta.get_field(name) for name in names]
        values = self._prepare(row, fields, add=False)
        with connection.cursor() as cursor:
            cursor.execute(_write_update(self.model, names, connection.vendor), [*values, row.pk])
            if cursor.rowcount != 1:
                raise DatabaseError(f"There is no {self.model.__name__} {row.pk} to be updated.")

    def _prepare(self, row: SomeModel, fields: Sequence[Any], *, add: bool) -> list[Any]:
        """The values of these columns as the database takes them."""
        return [field.get_db_prep_save(field.pre_save(row, add), connection) for field in fields]

    def _find_conversions(self, used: BaseDatabaseWrapper) -> Iterator[Conversion]:
        """What Django does with the values that come from this database."""
        for field in self._fields:
            column = field.get_col(self.alias)
            for convert in (*used.ops.get_db_converters(column), *field.get_db_converters(used)):
                yield field.attname, _bind(convert, column, used)


def _bind(convert: Callable[..., Any], column: Any, used: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    """The conversion as a function of the value alone; a short one for the two kinds of which most rows have some."""

    def read_time(value: Any) -> Any:
        if type(value) is not str:
            return convert(value, column, used)
        try:
            return datetime.fromisoformat(f"{value}+00:00")
        except ValueError:  # SQLite has no type for a zone, so that a text hardly ever has one of its own.
            return convert(value, column, used)

    if isinstance(getattr(convert, "__self__", None), JsonTextField):
        return read_stored_json
    if getattr(convert, "__name__", "") == "convert_datetimefield_value" and used.timezone is UTC:
        return read_time
    return lambda value: convert(value, column, used)


def has_receivers(model: type[Model]) -> bool:
    """Whether somebody, such as a plugin, is called for each row of the model that is saved alone."""
    return any(signal.has_listeners(model) for signal in (pre_save, post_save))


@cache
def _write_insert(model: type[Model], vendor: str) -> str:  # noqa: ARG001 - names are quoted for the database
    names = [_quote(field.column) for field in model._meta.concrete_fields]
    values = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {_quote(model._meta.db_table)} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - our models


@cache
def _write_update(model: type[Model], names: tuple[str, ...], vendor: str) -> str:  # noqa: ARG001 - as above
    columns: dict[str, str | None] = {field.name: field.column for field in model._meta.concrete_fields}
    changes = ", ".join(f"{_quote(columns[name])} = %s" for name in names)
    return f"UPDATE {_quote(model._meta.db_table)} SET {changes} WHERE {_quote(model._meta.pk.column)} = %s"  # noqa: S608 - our models


def _quote(name: str | None) -> str:
    return connection.ops.quote_name(name or "")  # Concrete fields have one.


class _Known(local):
    """For this thread, whose connection it would keep from being closed otherwise."""

    connection: BaseDatabaseWrapper | None = None
    conversions: Sequence[Conversion] = ()
