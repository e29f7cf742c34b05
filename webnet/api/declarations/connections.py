"""Connections (Relay Cursor Connections): their types, the fields that return them, and filters of their rows."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from functools import cached_property, reduce
from operator import or_
from typing import Any, TypeVar

import strawberry
from django.db.models import BooleanField, Case, Model, Q, QuerySet, When
from strawberry import UNSET, relay
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryContainer
from strawberry.utils.str_converters import to_camel_case

from webnet.api.declarations.annotations import read_annotations
from webnet.api.declarations.docstrings import docstring_of
from webnet.api.declarations.fields import (
    Declare,
    DescribedField,
    ShownRows,
    find_named,
    find_shown_rows,
)
from webnet.api.declarations.mistakes import mistake
from webnet.api.declarations.row_columns import COLUMNS
from webnet.api.declarations.sizes import MAXIMUM_VALUES
from webnet.api.declarations.state_reads import StateRead, reads_state
from webnet.api.errors import BadValue
from webnet.api.paging.pages import PageArguments, PageInfo
from webnet.api.strawberry_internals import fields_of, has_optimizer_hints, type_arguments_of
from webnet.api.vocabulary.columns import describe_misfit
from webnet.api.vocabulary.node import read_global_id, read_pk

# Strawberry's type variable of this name is bound to its own Node; ours is another class.
NodeType = TypeVar("NodeType")


class KnownArgument(StrawberryArgument):
    """An argument whose type is found out once, and not for each request."""

    @cached_property
    def type(self) -> Any:
        return super().type


def _optional_argument(name: str, kind: Any) -> StrawberryArgument:
    annotation = StrawberryAnnotation(kind | None)
    return KnownArgument(name, None, annotation, default=UNSET, description=ARGUMENTS[name])


PAGING: dict[str, Any] = {"first": int, "after": str, "last": int, "before": str}
ARGUMENTS = {
    "filter": "Which rows; null for all.",
    "order": "In which order: by the first item, rows with the same value by the next one.",
    "first": "How many rows from the beginning, or after `after`; without `first` and `last`, as many as the default.",
    "after": "A cursor: only rows after its place.",
    "last": "How many rows from the end, or before `before`.",
    "before": "A cursor: only rows before its place.",
}
# The same for all connections: Strawberry asks for them several times for each field, and resolves the type of each.
PAGING_ARGUMENTS = tuple(_optional_argument(name, kind) for name, kind in PAGING.items())
# The parameter in which a resolver gets them together; it is not an argument in the schema.
PASSED = (PageArguments, PageArguments.__name__)


@strawberry.type(description="A row, and its place in the list.")
class Edge(relay.Edge[NodeType]):  # type: ignore[type-var]
    cursor: str = strawberry.field(description="The place of the row, for `after` and `before`.")
    node: NodeType = strawberry.field(description="The row.")


@strawberry.type(name="Connection", description="A page of rows, newest first; it has no total.")
class UncountedConnection(relay.Connection[NodeType]):  # type: ignore[type-var]
    """For tables that only ever grow, where counting would take longer and longer."""

    edges: list[Edge[NodeType]]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    nodes: list[NodeType] = strawberry.field(description="The rows themselves, without their places: `edges { node }`.")
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.


@strawberry.type(description="A page of rows; `totalCount` is counted only when asked for.")
class Connection(UncountedConnection[NodeType]):
    total_count: int = strawberry.field(description="How many rows there are on all pages.")


class ConnectionField(DescribedField):
    """A field with pages of rows. Its resolver gets paging, filter and order as one value, `arguments`."""

    # How the rows' type must be declared.
    declared_as: type[ShownRows] = ShownRows

    @property
    def arguments(self) -> list[StrawberryArgument]:
        """The resolver's arguments, then `filter`, `order` and the four of Relay."""
        # Strawberry asks for them at each request, and evaluates the annotation of each that is new.
        return self._all_arguments

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """Ignore what Strawberry read from the class."""

    @cached_property
    def _all_arguments(self) -> list[StrawberryArgument]:
        own = self.base_resolver.arguments if self.base_resolver is not None else []
        shown = self.shown_rows
        kinds: dict[str, Any] = {}
        if shown.filter is not None:
            kinds["filter"] = shown.filter
        if shown.order is not None and shown.order.input is not None:
            kinds["order"] = list[shown.order.input]  # type: ignore[name-defined]  # made at run time
        return [
            *(each for each in own if each.type_annotation.annotation not in PASSED),
            *(_optional_argument(name, kind) for name, kind in kinds.items()),
            *PAGING_ARGUMENTS,
        ]

    @cached_property
    def has_hints(self) -> bool:
        """Whether the optimizer could find anything to do for the rows; first read when the schema is complete."""
        return has_optimizer_hints(find_named(self._rows_type))

    @property
    def _rows_type(self) -> Any:
        kind: Any = self.type
        while isinstance(kind, StrawberryContainer):
            kind = kind.of_type
        return type_arguments_of(kind).get("NodeType")

    @property
    def shown_rows(self) -> Any:
        """What was declared for the type of the rows."""
        found = find_shown_rows(self._rows_type)
        if not isinstance(found, self.declared_as):
            message = "write it as 'devices: graphql.Connection[Device]', with a type made with graphql.type(model)"
            raise mistake(self.origin, f"the connection '{self.python_name}'", message, name=self.python_name)
        return found

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        arguments = take_arguments(kwargs)
        return super().get_result(source, info, args, {**kwargs, "arguments": arguments})


def take_arguments(kwargs: dict[str, Any]) -> PageArguments:
    """Collect the connection's own arguments from those of its resolver; a missing one is None, like null."""
    given = {name: kwargs.pop(name, None) for name in ("filter", "order", *PAGING)}
    return PageArguments(**{name: None if value is UNSET else value for name, value in given.items()})


def connection(
    graphql_type: Any,
    *,
    description: str | None = None,
    reads: StateRead | None = None,
    columns: Sequence[str] | None = None,
) -> Declare:
    """A field with pages of rows, of the type `Connection[Device]`, whose resolver returns a `Page`.

    `reads` and `columns` are as for `field`, the former without a filter.
    """
    described: dict[str, Any] = dict(reads_state(reads)) if reads is not None else {}
    described |= {COLUMNS: tuple(columns)} if columns is not None else {}
    return ConnectionField(
        type_annotation=StrawberryAnnotation.from_annotation(graphql_type),
        description=description,
        metadata=described,
    )


LOOKUPS = "webnet.lookups"
Kind = TypeVar("Kind", bound=type)
Row = TypeVar("Row", bound=Model)


def filter_type(cls: Kind) -> Kind:
    """Make the class an input whose fields filter the rows: by the column with the field's name, or by a `lookup()`.

    A list matches rows with any of its items. A method `apply(rows)` of the class can filter in other ways.
    """
    for name in inspect.get_annotations(cls):
        if name not in cls.__dict__:
            setattr(cls, name, UNSET)
    read_annotations(cls)
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    return made


def lookup(*paths: str, description: str | None = None) -> Any:
    """A field of a filter by these lookups, joined by OR: `lookup("name__icontains", "serial__icontains")`.

    A field without lookups is handled by the filter's method `apply`.
    """
    return strawberry.field(default=UNSET, metadata={LOOKUPS: paths}, description=description)


def narrow(rows: QuerySet[Row], wanted: Any, *context: Any, uses_index: bool = True) -> QuerySet[Row]:
    """The rows that match the filter; its own `apply` gets the `context` as well.

    `uses_index` is False where the rows are few already, and an index of a filtered column would lead to many others.
    """
    if not wanted:
        return rows
    refuse_long_lists(wanted)
    for field in fields_of(wanted):
        value = getattr(wanted, field.python_name)
        if not is_given(value):
            continue
        paths = field.metadata.get(LOOKUPS, (field.python_name,))
        stored = plain(value, field.type)
        for path in paths:
            _refuse_misfits(rows, path, stored, name=to_camel_case(field.python_name))
        condition = reduce(or_, (make_condition(path, stored) for path in paths), Q())
        # An empty list matches nothing, for which Django needs no statement.
        rows = rows.filter(condition if uses_index or not condition or value == [] else _hide(condition))
    own = getattr(wanted, "apply", None)
    return own(rows, *context) if own is not None else rows


def refuse_long_lists(wanted: Any) -> None:
    """Raise BadValue for a list of the filter with too many items."""
    for field in fields_of(wanted):
        value = getattr(wanted, field.python_name)
        if isinstance(value, list) and len(value) > MAXIMUM_VALUES:
            place = f"filter.{to_camel_case(field.python_name)}"
            raise BadValue(f"'{place}' has {len(value):,} items: give at most {MAXIMUM_VALUES:,}.")


def _hide(condition: Q) -> Case:
    """The same condition, in a form that no database looks up in an index."""
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


def is_given(value: object) -> bool:
    """Whether a field of a filter is neither missing nor null."""
    return value is not None and value is not UNSET


def plain(value: Any, kind: Any = None) -> Any:
    """The value as stored in the database: values of enum members, keys of global ids."""
    if isinstance(value, list):
        return [plain(item, kind) for item in value]
    while isinstance(kind, StrawberryContainer):
        kind = kind.of_type
    if kind is strawberry.ID:
        named = read_global_id(value)
        key = read_pk(named[1]) if named is not None else None
        return key if key is not None else -1
    return value.value if isinstance(value, Enum) else value


def _refuse_misfits(rows: QuerySet[Any], path: str, value: Any, *, name: str) -> None:
    """Raise BadValue for a number that the column can't hold, since Django would compare with another one, or fail."""
    values = value if isinstance(value, list) else [value]
    if not any(isinstance(each, Decimal) for each in values):
        return
    _, parts, _ = rows.query.solve_lookup_type(path)
    column = rows.query.names_to_path(parts, rows.model._meta)[1]
    for index, each in enumerate(values):
        problem = describe_misfit(column, each)
        if problem is not None:
            place = f"filter.{name}.{index}" if isinstance(value, list) else f"filter.{name}"
            raise BadValue(f"'{place}' {problem}.")


def make_condition(path: str, value: Any) -> Q:
    """The condition of a lookup; a list matches any of its items."""
    return Q(**{f"{path}__in": value}) if isinstance(value, list) else Q(**{path: value})
