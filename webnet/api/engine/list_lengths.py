"""Holds lists to the maximum that their fields declare: what is longer is cut.

A document is priced by these maxima before it runs, so an answer must not be longer than they say.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from types import CoroutineType
from typing import Any

from graphql import GraphQLField, GraphQLSchema

from webnet.api.declarations.sizes import LIST_MAXIMUM
from webnet.api.engine.ownership import Composite
from webnet.api.strawberry_internals import strawberry_field

Resolve = Callable[..., Any]


def cut_lists(schema: GraphQLSchema) -> None:
    """Wrap every resolver of a list with a declared maximum; once, after the schema was built."""
    for kind in schema.type_map.values():
        for field in kind.fields.values() if isinstance(kind, Composite) else ():
            maximum = find_maximum(field)
            if maximum is not None and field.resolve is not None:
                field.resolve = _hold(field.resolve, maximum)


def find_maximum(field: GraphQLField) -> int | None:
    """The longest that the field's list can be, as declared; None if nothing is declared."""
    maximum: int | None = getattr(strawberry_field(field), "metadata", {}).get(LIST_MAXIMUM)
    return maximum


def _hold(resolve: Resolve, maximum: int) -> Resolve:
    # With its attributes, by which Strawberry knows a resolver that only reads an attribute.
    @functools.wraps(resolve)
    def resolve_at_most(source: Any, info: Any, **arguments: Any) -> Any:
        result = resolve(source, info, **arguments)
        return _cut_later(result, maximum) if isinstance(result, CoroutineType) else _cut(result, maximum)

    return resolve_at_most


async def _cut_later(result: Any, maximum: int) -> Any:
    return _cut(await result, maximum)


def _cut(result: Any, maximum: int) -> Any:
    if isinstance(result, list | tuple):
        return result if len(result) <= maximum else result[:maximum]
    # Anything else that graphql-core takes for a list, such as a generator, which may never end.
    if isinstance(result, Iterable) and not isinstance(result, str | bytes | Mapping):
        return list(islice(result, maximum))
    return result
