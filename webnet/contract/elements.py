"""The elements of a schema: its types, fields, arguments and values, each by its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema, is_introspection_type


@dataclass(frozen=True, kw_only=True)
class SchemaElement:
    """One element: where it is, such as `Plugin.name` or `Query.node(id:)`, and the type or field that it is in."""

    place: str
    name: str
    part: Any
    inside: Any = None


def walk_schema(schema: GraphQLSchema) -> Iterator[SchemaElement]:
    """All elements of the schema but those of GraphQL itself."""
    for kind in schema.type_map.values():
        if is_introspection_type(kind):
            continue
        yield SchemaElement(place=kind.name, name=kind.name, part=kind)
        for name, part in {**getattr(kind, "values", {}), **getattr(kind, "fields", {})}.items():
            place = f"{kind.name}.{name}"
            yield SchemaElement(place=place, name=name, part=part, inside=kind)
            for argument_name, argument in getattr(part, "args", {}).items():
                yield SchemaElement(place=f"{place}({argument_name}:)", name=argument_name, part=argument, inside=part)
