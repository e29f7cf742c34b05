"""Values that fit GraphQL's types, for arguments that can't be left out."""

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
    "Boolean": True,
    "Date": "2026-01-31",
    "DateTime": "2026-01-31T12:00:00Z",
    "Decimal": "1",
    "Float": 1.0,
    "Int": 1,
    "JSON": {},
    "String": "sample",
    "Time": "12:00:00",
    "UUID": "00000000-0000-4000-8000-000000000000",
}
NO_ID = "U2FtcGxlOjA"


def make_sample(kind: Any, *, id: str = NO_ID, with_ids: bool = False) -> Any:  # noqa: A002 - as GraphQL calls it
    """A value for the type, as JSON; `id` stands wherever one is asked for, `with_ids` also where it need not be."""
    wanted = get_nullable_type(kind)
    if isinstance(wanted, GraphQLList):
        return [make_sample(wanted.of_type, id=id, with_ids=with_ids)]
    if isinstance(wanted, GraphQLEnumType):
        return next(iter(wanted.values))
    if isinstance(wanted, GraphQLInputObjectType):
        return {
            name: make_sample(field.type, id=id, with_ids=with_ids)
            for name, field in wanted.fields.items()
            if is_required_input_field(field) or (with_ids and get_named_type(field.type).name == "ID")
        }
    return id if get_named_type(wanted).name == "ID" else SCALARS.get(get_named_type(wanted).name, "sample")


def takes_ids(kind: Any) -> bool:
    """Whether the type is an id, or an input that has one."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return any(get_named_type(field.type).name == "ID" for field in named.fields.values())
    return bool(named.name == "ID")
