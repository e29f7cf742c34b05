"""Declares types, inputs, fields and orders; their docstrings are the descriptions in the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias, TypeVar, dataclass_transform

import strawberry
import strawberry_django
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Model
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryContainer
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info
from strawberry_django.fields.field import StrawberryDjangoField

from webnet.api.declarations.annotations import read_annotations
from webnet.api.declarations.docstrings import docstring_of
from webnet.api.declarations.row_columns import COLUMNS
from webnet.api.declarations.sizes import LIST_MAXIMUM, MAXIMUM_VALUES
from webnet.api.declarations.state_reads import StateRead, reads_state
from webnet.api.errors import BadValue
from webnet.api.paging.keyset import Ordering, SortKey
from webnet.api.strawberry_internals import fields_of
from webnet.api.vocabulary.columns import can_be_null, find_order_kind, learn_own_columns
from webnet.api.vocabulary.enums import OrderDirection
from webnet.api.vocabulary.scalars import EXACT_DIGITS

Kind = TypeVar("Kind", bound=type)
Resolver: TypeAlias = "Callable[..., Any] | staticmethod[..., Any]"
Declare: TypeAlias = Callable[[Resolver], Any]

SHOWN_ROWS = "__webnet_shown_rows__"


@dataclass(frozen=True, kw_only=True)
class RowOrder:
    """The keys of a model that can be ordered by; no two rows have the same `unique` one.

    `input` is the type that clients send; None if they can't choose an order.
    """

    model: type[models.Model]
    default: tuple[SortKey, ...]
    unique: SortKey
    input: type | None = None

    def read(self, wanted: Sequence[Any] | None) -> Ordering:
        """The order asked for, or the default; it always ends with the unique key, so that pages are stable."""
        if wanted and len(wanted) > MAXIMUM_VALUES:
            raise BadValue(f"'order' has {len(wanted):,} items: give at most {MAXIMUM_VALUES:,}.")
        keys: dict[str, SortKey] = {}
        for key in self._keys(wanted) if wanted else self.default:
            keys.setdefault(key.path, key)
        keys.setdefault(self.unique.path, self.unique)
        names = list(keys)
        return Ordering(tuple(keys[name] for name in names[: names.index(self.unique.path) + 1]))

    def _keys(self, wanted: Sequence[Any]) -> Iterator[SortKey]:
        for each in wanted:
            descending = each.direction is OrderDirection.DESC
            yield _find_key(self.model, each.field.value, is_descending=descending)


def make_order(
    model: type[models.Model], *, name: str, by: Sequence[str] = (), unique: str = "pk", ties: str = "age"
) -> RowOrder:
    """The order of a type called `name` by these columns; raises ValueError for columns that can't be paged by.

    `ties` describes the `unique` column to clients.
    """
    for column in by:
        _find_key(model, column)
    return RowOrder(
        model=model,
        default=tuple(_default_keys(model)),
        unique=_find_key(model, unique),
        input=_make_input(name, by, _describe_order(model, by, ties)) if by else None,
    )


def _describe_order(model: type[models.Model], by: Sequence[str], ties: str) -> str:
    described = f"Ties go by {ties}, so that pages are stable."
    has_gaps = any(_find_key(model, column).is_nullable for column in by)
    return f"{described} Rows without a value come last, in either direction." if has_gaps else described


def _make_input(name: str, by: Sequence[str], description: str) -> type:
    make_enum: Any = Enum  # whose names a type checker wants to read
    fields = make_enum(f"{name}OrderField", {column.upper(): column for column in by})
    members = [f"    {column.upper()}: By {column.replace('_', ' ')}." for column in by]
    fields.__doc__ = "\n".join([f"What rows of {name} can be ordered by.", "", "Attributes:", *members])
    strawberry.enum(fields, description=docstring_of(fields))
    annotations = {"field": fields, "direction": OrderDirection}
    direction = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")
    field = strawberry.field(description="What to order by.")
    made = type(f"{name}Order", (), {"__annotations__": annotations, "field": field, "direction": direction})
    return strawberry.input(made, description=description)


def _default_keys(model: type[models.Model]) -> Iterator[SortKey]:
    """The model's own ordering, up to the first part that is not a plain column."""
    for term in model._meta.ordering or ():
        try:
            yield _find_key(model, str(term).lstrip("-"), is_descending=str(term).startswith("-"))
        except ValueError:
            return


def _find_key(model: type[models.Model], path: str, *, is_descending: bool = False) -> SortKey:
    try:
        column: Any = model._meta.pk if path == "pk" else model._meta.get_field(path)
    except FieldDoesNotExist:
        raise ValueError(f"'{model._meta.label}' has no column '{path}' to order by") from None
    kind = find_order_kind(column)
    if kind is None:
        raise ValueError(
            f"rows can't be ordered by '{path}', a {type(column).__name__}: it must be text, a number, a boolean, "
            f"a UUID, a date, a time or a duration, and on SQLite a decimal of at most {EXACT_DIGITS} digits"
        )
    return SortKey(
        path=column.attname,
        kind=kind,
        is_descending=is_descending,
        is_nullable=can_be_null(column),
        column=column,
    )


class Column(StrawberryDjangoField):
    """A column of a row that is loaded already: reading it needs neither a query nor `info`."""

    @property
    def is_basic_field(self) -> bool:
        return self.base_resolver is None

    def get_result(self, source: Any, info: Info[Any, Any] | None, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.base_resolver is None:
            return getattr(source, self.django_name or self.python_name)
        return super().get_result(source, info, args, kwargs)


class DescribedField(StrawberryField):
    """A field whose description is the docstring of its resolver, unless it is given another."""

    def __call__(self, resolver: Any) -> Any:
        self.description = self.description or docstring_of(resolver)
        return super().__call__(resolver)


def field(
    *,
    description: str | None = None,
    graphql_type: Any = None,
    maximum: int | None = None,
    metadata: Mapping[Any, Any] | None = None,
    reads: StateRead | None = None,
    columns: Sequence[str] | None = None,
) -> Declare:
    """A field; `graphql_type` is needed if the resolver returns a model's row, `maximum` if it returns a list.

    `reads` declares that its value depends on the plugins' state alone, so that answers can be kept; `columns` are all
    that the resolver reads of its row, so that a list need not load the others.
    """
    kind = StrawberryAnnotation.from_annotation(graphql_type) if graphql_type is not None else None
    described = {**(metadata or {}), **({LIST_MAXIMUM: maximum} if maximum is not None else {})}
    described |= reads_state(reads) if reads is not None else {}
    described |= {COLUMNS: tuple(columns)} if columns is not None else {}
    return DescribedField(type_annotation=kind, description=description, metadata=described)


def at_most(maximum: int, *, description: str | None = None, graphql_type: Any = None) -> Any:
    """A list without a resolver, and how many items it has at most; `graphql_type` is needed for models' rows."""
    return strawberry.field(description=description, graphql_type=graphql_type, metadata={LIST_MAXIMUM: maximum})


def subscription(*, description: str | None = None, graphql_type: Any = None) -> Declare:
    """A field of the root of subscriptions; `graphql_type` as for `field`."""
    declare: Declare = strawberry.subscription(description=description, graphql_type=graphql_type)
    return declare


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField, at_most))
def object_type(cls: Kind, *, description: str | None = None) -> Kind:
    """A type of plain values."""
    read_annotations(cls)
    made: Kind = strawberry.type(cls, description=description or docstring_of(cls))
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField, at_most))
def input_type(cls: Kind) -> Kind:
    """An input; a field with the default None may be left out, which means the same as null."""
    read_annotations(cls)
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    for each in fields_of(made):
        if each.default is None:
            each.default_value = UNSET  # The schema then shows no default; in Python the field is None nevertheless.
    return made


@dataclass(frozen=True, kw_only=True)
class ShownRows:
    """How all connections of a type that shows rows are filtered and ordered; None if clients have no choice."""

    filter: Any = None
    order: RowOrder | None = None


def row_type(
    model: type[Model],
    *,
    name: str | None = None,
    filter: Any = None,
    order: RowOrder | None = None,
) -> Callable[[Kind], Kind]:
    """A type that shows rows of the model; `filter` (a `filter_type`) and `order` are for its connections."""

    def declare(cls: Kind) -> Kind:
        return show_rows(cls, model, ShownRows(filter=filter, order=order), name=name)

    return declare


def show_rows(
    cls: Kind,
    model: type[Model],
    shown: ShownRows,
    *,
    name: str | None = None,
    description: str | None = None,
    field_cls: type[Column] = Column,
) -> Kind:
    """Make the class a type that shows rows of the model."""
    learn_own_columns(model)
    read_annotations(cls)
    description = description or docstring_of(cls)
    made: Any = strawberry_django.type(model, name=name, description=description, field_cls=field_cls)(cls)
    setattr(made, SHOWN_ROWS, shown)
    stored = {column.name for column in model._meta.concrete_fields if not column.is_relation}
    for each in fields_of(made):
        name = getattr(each, "django_name", None) or each.python_name
        if type(each) is Column and each.base_resolver is None and name in stored:
            each.metadata = {**each.metadata, COLUMNS: (name,)}  # type: ignore[assignment]  # Strawberry's is a dict.
    return made  # type: ignore[no-any-return]  # Strawberry returns the class it was given.


def find_shown_rows(kind: Any) -> ShownRows | None:
    """What was declared for a type, also if it is wrapped in lists, optionals or lazy references."""
    # Of the type itself, not of its bases: a subclass need not show the same rows.
    found: ShownRows | None = getattr(find_named(kind), "__dict__", {}).get(SHOWN_ROWS)
    return found


def find_named(kind: Any) -> Any:
    """The type that is wrapped in lists, optionals and lazy references."""
    while isinstance(kind, StrawberryContainer):
        kind = kind.of_type
    return kind.resolve_type() if hasattr(kind, "resolve_type") else kind
