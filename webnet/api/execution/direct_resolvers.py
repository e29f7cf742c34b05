"""Replaces resolvers and checks of Strawberry's that prepare what their function does not need.

Strawberry calls a function through its arguments, extensions and exception handlers, also where it has none of them.
The functions of most fields take the object and `info` only. They are called directly, before anything guards them:
what isolates, gates and cuts is wrapped around it as around any other resolver.

The checks whether an object is of a type ask for its class, and whether it was cast to another type: once a check has
held for a class, only the cast is looked at.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type
from strawberry.resolvers import is_default_resolver
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE, get_strawberry_type_cast
from strawberry.types.field import StrawberryField

from webnet.api.declarations.fields import Column
from webnet.api.execution.field_steps import OfKind, OfRequest, OfSource
from webnet.api.strawberry_internals import is_check_of_class, strawberry_field

Resolve = Callable[..., Any]

# None of webnet's own resolvers asks for the path of its field.
HOST = "webnet."


def resolve_directly(schema: GraphQLSchema, *, info_class: type, refusals: Collection[str]) -> None:
    """Replace them; once, after the schema was built. `refusals` are the types that exceptions are converted to."""
    kinds = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    for kind in kinds:
        kind.is_type_of = _find_quick_check(kind.is_type_of)
        for field in kind.fields.values():
            described = strawberry_field(field)
            if described is not None and field.resolve is not None and not field.args:
                field.resolve = _find_direct(field, described, info_class, refusals) or field.resolve


def _find_direct(
    field: GraphQLField, described: StrawberryField, info_class: type, refusals: Collection[str]
) -> Resolve | None:
    named: Any = get_named_type(field.type)
    can_refuse = not (is_leaf_type(named) or isinstance(named, GraphQLObjectType)) or named.name in refusals
    if described.extensions or described.is_async or described.arguments or field.subscribe is not None or can_refuse:
        return None
    if described.base_resolver is None:
        return _find_read(field, described)
    if type(described).get_result is not StrawberryField.get_result:
        return None
    return _find_call(described, info_class)


def _find_read(field: GraphQLField, described: StrawberryField) -> Resolve | None:
    resolve: Any = field.resolve
    if not is_default_resolver(resolve):
        return None
    attribute = None
    if type(described).get_result is StrawberryField.get_result and described.default_resolver is getattr:
        attribute = described.python_name
    elif type(described).get_result is Column.get_result:
        attribute = described.django_name or described.python_name  # type: ignore[attr-defined]  # A Column has it.
    return OfSource(attrgetter(attribute), resolve) if attribute is not None else None


def _find_call(described: StrawberryField, info_class: type) -> Resolve | None:
    resolver: Any = described.base_resolver
    function = resolver.wrapped_func
    of_source = {
        each.name
        for each in (resolver.self_parameter, resolver.parent_parameter, resolver.root_parameter)
        if each is not None
    }
    of_info = {resolver.info_parameter.name} if resolver.info_parameter is not None else set()
    if not callable(function):
        return None
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD for each in parameters):
        return None
    taken = ["source" if each.name in of_source else "info" if each.name in of_info else "" for each in parameters]
    if taken == ["source"]:
        return OfSource(function, lambda source, _info: function(source))
    if taken != ["source", "info"]:
        return None
    if not (getattr(function, "__module__", None) or "").startswith(HOST):
        return lambda source, info: function(source, info_class(info, described))

    def bind(info: Any) -> Callable[[Any], Any]:
        told = info_class(info, described)
        return lambda source: function(source, told)

    return OfRequest(bind)


def _find_quick_check(check: Any) -> Any:
    """The check, which says of which classes it is known to hold; one of a plugin's own is left as it is."""
    if not is_check_of_class(check):
        return check
    known: set[type] = set()

    def is_known(value: Any) -> bool:
        # As `get_strawberry_type_cast` does it, in half the time.
        return type(value) in known and getattr(value, TYPE_CAST_ATTRIBUTE, None) is None

    def check_and_note(value: Any, info: Any) -> Any:
        holds = check(value, info)
        if holds is True and get_strawberry_type_cast(value) is None:
            known.add(type(value))
        return holds

    return OfKind(is_known, check_and_note)
