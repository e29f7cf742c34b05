"""Declares types, inputs and fields; their docstrings are what the schema says of them to clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, dataclass_transform

import strawberry
import strawberry_django
from django.db.models import Model
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryContainer
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info
from strawberry_django.fields.field import StrawberryDjangoField

from webnet.api.declarations.orders import RowOrder
from webnet.api.strawberry_internals import fields_of
from webnet.errors import PluginDefinitionError

Kind = TypeVar("Kind", bound=type)
Resolver: TypeAlias = "Callable[..., Any] | staticmethod[..., Any]"
Declare: TypeAlias = Callable[[Resolver], Any]

SHOWN_ROWS = "__webnet_shown_rows__"


class Column(StrawberryDjangoField):
    """A column of a row that is loaded already: reading it needs neither a query nor `info`."""

    @property
    def is_basic_field(self) -> bool:
        return self.base_resolver is None

    def get_result(self, source: Any, info: Info[Any, Any] | None, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.base_resolver is None:
            return getattr(source, self.django_name or self.python_name)
        return super().get_result(source, info, args, kwargs)


def docstring_of(described: Any) -> str | None:
    """The docstring of a class or function, on one line; None where it has none of its own."""
    written = described.__doc__ if not isinstance(described, type) else described.__dict__.get("__doc__")
    return " ".join(written.split()) if written else None


def mistake(module: str, place: str, words: str) -> PluginDefinitionError:
    """An author's mistake: where it is, what is wrong and what to write instead."""
    return PluginDefinitionError(f"In '{module}', {place}: {words}.")


class DescribedField(StrawberryField):
    """A field whose description is the docstring of its resolver, unless it is given another."""

    def __call__(self, resolver: Any) -> Any:
        self.description = self.description or docstring_of(resolver)
        return super().__call__(resolver)


def field(
    *, description: str | None = None, graphql_type: Any = None, metadata: Mapping[Any, Any] | None = None
) -> Declare:
    """A field; `graphql_type` where the resolver returns a row that a GraphQL type shows."""
    kind = StrawberryAnnotation.from_annotation(graphql_type) if graphql_type is not None else None
    return DescribedField(type_annotation=kind, description=description, metadata=metadata)


def subscription(*, description: str | None = None, graphql_type: Any = None) -> Declare:
    """A field of the root of subscriptions; `graphql_type` as for `field`."""
    declare: Declare = strawberry.subscription(description=description, graphql_type=graphql_type)
    return declare


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField))
def object_type(cls: Kind) -> Kind:
    """A type of plain values."""
    made: Kind = strawberry.type(cls, description=docstring_of(cls))
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField))
def input_type(cls: Kind) -> Kind:
    """An input; a field with the default None may be left out, which means the same as null."""
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    for each in fields_of(made):
        if each.default is None:
            each.default_value = UNSET  # The schema shows no default then; in Python the field is None all the same.
    return made


@dataclass(frozen=True, kw_only=True)
class ShownRows:
    """How all connections of a type that shows rows are filtered and ordered; None where clients have no choice."""

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
    description = description or docstring_of(cls)
    made: Any = strawberry_django.type(model, name=name, description=description, field_cls=field_cls)(cls)
    setattr(made, SHOWN_ROWS, shown)
    return made  # type: ignore[no-any-return]  # Strawberry returns the class it was given.


def find_shown_rows(kind: Any) -> ShownRows | None:
    """What was declared of a type as Strawberry resolved it, through lists, optionals and lazy references."""
    while isinstance(kind, StrawberryContainer):
        kind = kind.of_type
    if hasattr(kind, "resolve_type"):
        kind = kind.resolve_type()
    # Of the type itself: what extends it need not show the same rows.
    found: ShownRows | None = getattr(kind, "__dict__", {}).get(SHOWN_ROWS)
    return found
