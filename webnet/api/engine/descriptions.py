"""Makes the descriptions of the schema strings: all viewers share it, so they are in the platform's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLSchema, is_introspection_type

from webnet.values.lazy_texts import is_lazy
from webnet.values.platform_language import read_for_all

TEXTS = ("description", "deprecation_reason")


def read_descriptions(schema: GraphQLSchema) -> None:
    """Replace every text that a plugin has translated lazily."""
    for part in _parts(schema):
        for name in TEXTS:
            text = getattr(part, name, None)
            if is_lazy(text):
                setattr(part, name, read_for_all(text))


def _parts(schema: GraphQLSchema) -> Iterator[Any]:
    """The types, their fields, arguments and values."""
    for kind in schema.type_map.values():
        if is_introspection_type(kind):
            continue
        yield kind
        yield from getattr(kind, "values", {}).values()
        for field in getattr(kind, "fields", {}).values():
            yield field
            yield from getattr(field, "args", {}).values()
