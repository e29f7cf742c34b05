"""Sample values of GraphQL types, for required arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

SCALARS: Mapping[str, Any] = {
    "Base64": "c2FtcGxl",
    "BigInt": 1,
    "Boolean": True,
    "Date": "2026-01-31",
    "DateTime": "2026-01-31T12:00:00Z",
    "Decimal": "1",
    "Duration": "PT1M",
    "Float": 1.0,
    "Int": 1,
    "JSON": {},
    "String": "sample",
    "Time": "12:00:00",
    "UUID": "00000000-0000-4000-8000-000000000000",
}
NO_ID = "U2FtcGxlOjA"  # An id of nothing: it is not sealed.


def make_sample(
    kind: Any,
    *,
    id: str = NO_ID,  # noqa: A002 - its name in GraphQL
    with_ids: bool = False,
    is_complete: bool = False,
    inside: frozenset[str] = frozenset(),
) -> Any:
    """A value of the type as JSON. `id` is used for ids; with `with_ids` in optional fields of inputs as well.

    With `is_complete`, inputs have all of their fields, except optional ones that lead `inside` the same input again.
    """
    nullable = get_nullable_type(kind)
    if isinstance(nullable, GraphQLList):
        return [make_sample(nullable.of_type, id=id, with_ids=with_ids, is_complete=is_complete, inside=inside)]
    if isinstance(nullable, GraphQLEnumType):
        return next(iter(nullable.values))
    if isinstance(nullable, GraphQLInputObjectType):
        entered = inside | {nullable.name}
        return {
            name: make_sample(field.type, id=id, with_ids=with_ids, is_complete=is_complete, inside=entered)
            for name, field in nullable.fields.items()
            if is_required_input_field(field)
            or (with_ids and get_named_type(field.type).name == "ID")
            or (is_complete and get_named_type(field.type).name not in entered)
        }
    return id if get_named_type(nullable).name == "ID" else SCALARS.get(get_named_type(nullable).name, "sample")


def takes_ids(kind: Any) -> bool:
    """Whether the type is ID, or an input with a field of it."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return any(get_named_type(field.type).name == "ID" for field in named.fields.values())
    return bool(named.name == "ID")
