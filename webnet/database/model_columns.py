"""The columns of models in a statement that is written by hand, and the models' instances from its rows.

Django compiles a query anew each time, which takes much longer than to run one that finds a row by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import local
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

SomeModel = TypeVar("SomeModel", bound=Model)
# (the place of a value in the row, what makes a value of the model's field of it)
Conversion = tuple[int, Callable[[Any], Any]]


class ModelColumns(Generic[SomeModel]):
    """All columns of a model whose table has this alias in the statement."""

    def __init__(self, model: type[SomeModel], alias: str) -> None:
        self.model = model
        self.alias = alias
        self._fields: Sequence[Field[Any, Any]] = model._meta.concrete_fields
        self._names = [field.attname for field in self._fields]
        self._known = _Known()

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self._fields)

    @property
    def sql(self) -> str:
        """What is selected."""
        columns = (field.column for field in self._fields if field.column is not None)  # All concrete fields have one.
        return ", ".join(f"{self.alias}.{connection.ops.quote_name(column)}" for column in columns)

    @property
    def table(self) -> str:
        """The table with its alias."""
        return f"{connection.ops.quote_name(self.model._meta.db_table)} {self.alias}"

    def read(self, values: Sequence[Any]) -> SomeModel:
        """The instance with these values of its columns, as a query has it."""
        row, known, used = list(values), self._known, connections[DEFAULT_DB_ALIAS]
        if known.connection is not used:
            known.connection, known.conversions = used, tuple(self._find_conversions(used))
        for place, convert in known.conversions:
            row[place] = convert(row[place])
        return self.model.from_db(DEFAULT_DB_ALIAS, self._names, row)

    def _find_conversions(self, used: BaseDatabaseWrapper) -> Iterator[Conversion]:
        """What Django does with the values that come from this database."""
        for place, field in enumerate(self._fields):
            column = field.get_col(self.alias)
            for convert in (*used.ops.get_db_converters(column), *field.get_db_converters(used)):
                yield place, partial(convert, expression=column, connection=used)


class _Known(local):
    """For this thread, whose connection it would keep from being closed otherwise."""

    connection: BaseDatabaseWrapper | None = None
    conversions: Sequence[Conversion] = ()
