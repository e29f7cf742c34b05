"""Finds lookups of filters that can't work: without a column, unknown, or with values that don't fit the column."""

from __future__ import annotations

import datetime
import inspect
import warnings
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model
from strawberry.types.base import StrawberryContainer, StrawberryList
from strawberry.types.enum import StrawberryEnumDefinition

from webnet.api.declarations.connections import LOOKUPS, make_condition, plain
from webnet.api.declarations.mistakes import mistake
from webnet.api.strawberry_internals import definition_of, fields_of
from webnet.api.vocabulary.scalars import BigInt

# A value that a client can send for each type: one that fails if the column is of another type.
SAMPLES: dict[Any, Any] = {
    bool: True,
    int: 7,  # not 1, which a boolean column takes
    BigInt: 7,
    float: 1.5,
    str: "text",
    strawberry.ID: "",
    Decimal: Decimal("1.5"),
    UUID: UUID(int=0),
    datetime.date: datetime.date(2026, 1, 31),
    datetime.datetime: datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC),
    datetime.time: datetime.time(12),
    datetime.timedelta: datetime.timedelta(days=1),
}


def refuse_unusable_lookups(wanted: Any, model: type[Model]) -> None:
    """Raise PluginDefinitionError for the first field of a filter that would fail when a client uses it."""
    origin = definition_of(wanted).origin
    for field in fields_of(wanted):
        for path in field.metadata.get(LOOKUPS, (field.python_name,)):
            problem = _find_problem(model, path, field.type)
            if problem is not None:
                place = f"the filter '{origin.__name__}', the field '{field.python_name}'"
                raise mistake(origin, place, problem, name=field.python_name)


def _find_problem(model: type[Model], path: str, kind: Any) -> str | None:
    """What Django says about the lookup when the query is made; nothing is sent to the database."""
    rows = model._default_manager.all()  # noqa: SLF001 - documented by Django
    sample = _make_sample(kind)
    if path.endswith("__isnull") and sample is not True:
        return f"its type does not fit '{path}': make it a bool"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # A date for a column of instants is ambiguous, but works.
            rows.filter(make_condition(path, sample))
    except FieldError as error:
        return f"'{path}' is not a lookup of '{model.__name__}': {_join(error)}"
    except (TypeError, ValueError, ValidationError) as error:
        # Which texts a column takes is known when one is given: "7" fits a number. The client is refused others.
        if sample in (None, "text", ["text"]):
            return None
        return f"its type does not fit '{path}' of '{model.__name__}': {_join(error)}"
    return None


def _make_sample(kind: Any) -> Any:
    """A value as `narrow` gets it; None for a type that is not known here."""
    is_list, inner = False, kind
    while isinstance(inner, StrawberryContainer):
        is_list, inner = is_list or isinstance(inner, StrawberryList), inner.of_type
    members = inner.wrapped_cls if isinstance(inner, StrawberryEnumDefinition) else inner
    if inspect.isclass(members) and issubclass(members, Enum):
        value = plain(next(iter(members)))
    else:
        value = plain(SAMPLES.get(inner), inner if inner is strawberry.ID else None)
    return [value] if is_list and value is not None else value


def _join(error: Exception) -> str:
    """The error in one clause."""
    text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return " ".join(text.split()).rstrip(".").replace(". ", "; ")
