"""Filters of connections: fields are joined by AND, items of one list by OR; what is left out does not filter."""

from __future__ import annotations

import inspect
from enum import Enum
from functools import reduce
from operator import or_
from typing import Any, TypeVar

import strawberry
from django.db.models import Model, Q, QuerySet
from strawberry import UNSET
from strawberry.types.base import StrawberryContainer

from webnet.api.declarations.fields import docstring_of
from webnet.api.strawberry_internals import fields_of
from webnet.api.vocabulary.node import read_global_id

LOOKUPS = "webnet.lookups"
Kind = TypeVar("Kind", bound=type)
Row = TypeVar("Row", bound=Model)


def filter_type(cls: Kind) -> Kind:
    """Make an input of this class, each of whose fields narrows the rows: by the column of its name, or its `lookup()`.

    A list takes the rows with one of its items. A method `apply(rows)` of the class narrows in ways of its own.
    """
    for name in inspect.get_annotations(cls):
        if name not in cls.__dict__:
            setattr(cls, name, UNSET)
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    return made


def lookup(*paths: str, description: str | None = None) -> Any:
    """A field of a filter by these lookups, joined by OR: `lookup("name__icontains", "serial__icontains")`.

    Without any it is left to the filter's method `apply`.
    """
    return strawberry.field(default=UNSET, metadata={LOOKUPS: paths}, description=description)


def narrow(rows: QuerySet[Row], wanted: Any, *context: Any) -> QuerySet[Row]:
    """The rows that the filter lets through; its own `apply` gets the `context` too."""
    if not wanted:
        return rows
    for field in fields_of(wanted):
        value = getattr(wanted, field.python_name)
        if not is_given(value):
            continue
        paths = field.metadata.get(LOOKUPS, (field.python_name,))
        conditions = (_condition(path, plain(value, field.type)) for path in paths)
        rows = rows.filter(reduce(or_, conditions, Q()))
    own = getattr(wanted, "apply", None)
    return own(rows, *context) if own is not None else rows


def is_given(value: object) -> bool:
    """Whether a field of a filter is neither missing nor null."""
    return value is not None and value is not UNSET


def plain(value: Any, kind: Any = None) -> Any:
    """The value as the database has it: of enum members their values, of global ids their keys."""
    if isinstance(value, list):
        return [plain(item, kind) for item in value]
    while isinstance(kind, StrawberryContainer):
        kind = kind.of_type
    if kind is strawberry.ID:
        named = read_global_id(value)
        return named[1] if named is not None and named[1].isdecimal() else -1
    return value.value if isinstance(value, Enum) else value


def _condition(path: str, value: Any) -> Q:
    return Q(**{f"{path}__in": value}) if isinstance(value, list) else Q(**{path: value})
