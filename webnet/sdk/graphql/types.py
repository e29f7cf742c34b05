"""Declares the GraphQL types of plugins; wherever they are used, they only show rows that may be seen."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, overload

import strawberry
import strawberry_django
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from strawberry.exceptions import StrawberryException
from strawberry.types.field import StrawberryField
from strawberry_django.optimizer import optimize

from webnet.api.declarations.annotations import read_annotations
from webnet.api.declarations.docstrings import docstring_of
from webnet.api.declarations.fields import make_order, show_rows
from webnet.api.declarations.mistakes import mistake
from webnet.api.paging.pages import WHOLE_ROWS
from webnet.api.strawberry_internals import model_of
from webnet.api.vocabulary.node import Node, global_id
from webnet.plugins.tenancy import has_tenancy
from webnet.sdk.graphql.definition import RowType
from webnet.sdk.graphql.fields import RowField
from webnet.sdk.graphql.info import find_plugin_by_module, find_rows
from webnet.sdk.graphql.row_batches import mark_batch
from webnet.sdk.scope import LeakPrevented, all_rows, is_in_scope, scope

Kind = TypeVar("Kind", bound=type)
EXTENDED = "__webnet_extends__"
MISSING_TYPE = "has no type: write 'def {0}(…) -> str' for a resolver, or '{0}: str' for a column"


@overload
def type(model: Kind) -> Kind: ...
@overload
def type(
    model: Any = None,
    *,
    name: str | None = None,
    description: str | None = None,
    filter: Any = None,
    order: Sequence[str] = (),
) -> Callable[[Kind], Kind]: ...


def type(
    model: Any = None,
    *,
    name: str | None = None,
    description: str | None = None,
    filter: Any = None,
    order: Sequence[str] = (),
) -> Any:
    """Declare a GraphQL type: of plain values with `@graphql.type`, of rows with `@graphql.type(models.Device)`.

    Rows are only shown if they belong to a customer in view for whom the plugin is effective, wherever a resolver got
    them from. `filter` (a class declared with `graphql.filter`) and `order` (columns) are for the type's connections.
    A type that extends `graphql.Node` has an `id`, which `Query.node` accepts.
    """
    if isinstance(model, builtins.type) and not issubclass(model, Model):
        return _make_plain(model, name=None, description=None)
    if model is None:
        return lambda cls: _make_plain(cls, name=name, description=description)
    return lambda cls: _make_rows(cls, model, name=name, description=description, filter=filter, order=order)


def extend(target: Any) -> Callable[[Kind], Kind]:
    """Declare fields to be added to a type of webnet, or of a plugin that this one depends on.

    Register the class with `GraphQLExtension(extends=graphql.extends(DeviceFields))`.
    """

    def make(cls: Kind) -> Kind:
        model = model_of(target)
        _refuse_untyped(cls)
        with _mistakes_of(cls):
            read_annotations(cls)
            if model is None:
                strawberry.type(cls)
            else:
                strawberry_django.type(model, field_cls=RowField)(cls)
        setattr(cls, EXTENDED, target)
        return cls

    return make


def extends(*classes: Any) -> dict[Any, Any]:
    """The value of `GraphQLExtension(extends=…)` for classes declared with `graphql.extend`."""
    return {getattr(each, EXTENDED): each for each in classes}


def input(cls: Kind) -> Kind:
    """Declare an input; a field with the default `graphql.UNSET` is optional."""
    read_annotations(cls)
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    return made


def enum(cls: Any) -> Any:
    """Declare an enum, for example of Django's `TextChoices`."""
    return strawberry.enum(cls, description=docstring_of(cls))


def interface(cls: Kind) -> Kind:
    """Declare an interface, which types can extend."""
    read_annotations(cls)
    made: Kind = strawberry.interface(cls, description=docstring_of(cls))
    return made


def _make_plain(cls: Kind, *, name: str | None, description: str | None) -> Kind:
    _refuse_untyped(cls)
    with _mistakes_of(cls):
        read_annotations(cls)
        made: Kind = strawberry.type(cls, name=name, description=description or docstring_of(cls))
    return made


def _make_rows(
    cls: Kind,
    model: builtins.type[Model],
    *,
    name: str | None,
    description: str | None,
    filter: Any,
    order: Sequence[str],
) -> Kind:
    _refuse_untenanted(cls, model)
    _refuse_untyped(cls)
    title = name or cls.__name__
    with _mistakes_of(cls):
        shown = RowType(name=title, model=model, filter=filter, order=make_order(model, name=title, by=order))
        _scope_type(cls, shown)
        return show_rows(cls, model, shown, name=name, description=description, field_cls=RowField)


def _scope_type(cls: Any, shown: RowType) -> None:
    """Add the hooks with which Strawberry loads and checks rows, so that none is shown that may not be seen."""
    own_queryset = getattr(cls, "get_queryset", None)

    def get_queryset(queryset: QuerySet[Any], info: Any, **_: Any) -> QuerySet[Any]:
        rows = own_queryset(queryset, info) if own_queryset is not None else queryset
        return scope(rows, info.context.reading, shown_by=find_plugin_by_module(cls.__module__))

    def is_type_of(row: Any, info: Any) -> bool:
        if not isinstance(row, shown.model):
            return isinstance(row, cls)
        if not is_in_scope(row, info.context.reading, shown_by=find_plugin_by_module(cls.__module__)):
            raise LeakPrevented(f"'{cls.__module__}' returned a {shown.name} of another customer.")
        return True

    def find_nodes(info: Any, keys: Sequence[str]) -> dict[str, Any]:
        reading = info.context.reading
        rows = scope(all_rows(shown.model), reading, shown_by=find_plugin_by_module(cls.__module__))
        found = find_rows(shown.model, keys, optimize(rows, info, config=WHOLE_ROWS))
        mark_batch(found.values(), reading)
        # Another plugin's type may show rows of the same model; the id decides which type is meant.
        return {key: strawberry.cast(cls, row) for key, row in found.items()}

    cls.get_queryset, cls.is_type_of, cls.find_nodes = (
        staticmethod(each) for each in (get_queryset, is_type_of, find_nodes)
    )
    if issubclass(cls, Node):
        # `id: graphql.auto` means this id, too.
        cls.__annotations__ = {name: kind for name, kind in inspect.get_annotations(cls).items() if name != "id"}
        cls.id = _make_id(shown.name)


def _make_id(type_name: str) -> Any:
    def id(root: strawberry.Parent[Any]) -> strawberry.ID:  # noqa: A001 - the name in the schema
        return global_id(type_name, root.pk)

    return strawberry.field(resolver=id, description="The global id.")


def _refuse_untenanted(cls: Any, model: Any) -> None:
    if not has_tenancy(model):
        message = f"the model '{model.__name__}' does not declare who owns its rows: extend CustomerOwnedModel"
        raise mistake(cls, f"the type '{cls.__name__}'", f"{message}, or GlobalModel")


def _refuse_untyped(cls: Any) -> None:
    """Raise for a field without a type; Strawberry's own error is a page long and lacks the plugin."""
    for name, value in list(vars(cls).items()):
        if not isinstance(value, StrawberryField) or name in inspect.get_annotations(cls):
            continue
        resolver = value.base_resolver
        if value.type_annotation is None and (resolver is None or resolver.type_annotation is None):
            problem = f"the field '{name}' {MISSING_TYPE.format(name)}"
            raise mistake(cls, f"the type '{cls.__name__}'", problem, name=name)


@contextmanager
def _mistakes_of(cls: Any) -> Iterator[None]:
    """Turn errors in the class into one sentence that names the class."""
    try:
        yield
    except (StrawberryException, FieldDoesNotExist, ValueError) as error:
        message = " ".join(str(getattr(error, "message", None) or error).split()).rstrip(".")
        raise mistake(cls, f"the type '{cls.__name__}'", message) from error
