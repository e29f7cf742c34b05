"""Completes the descriptions of the schema: those of fields, arguments and values from docstrings, as plain strings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import GraphQLArgument, GraphQLInputObjectType, GraphQLNamedType, GraphQLSchema, get_named_type
from strawberry.utils.str_converters import to_camel_case

from webnet.api.declarations.docstrings import parts_of
from webnet.api.strawberry_internals import column_of, resolver_of, source_of
from webnet.contract.elements import walk_schema
from webnet.values.lazy_texts import is_lazy
from webnet.values.platform_language import read_for_all

TEXTS = ("description", "deprecation_reason")


@dataclass(frozen=True, kw_only=True)
class Element:
    """A type, field, argument or value: where it is, such as `Plugin.name`, and whose docstring may describe it."""

    place: str
    name: str
    part: Any
    described_by: Any = None


def complete_descriptions(schema: GraphQLSchema) -> None:
    """Describe what has no description by the docstring that it is in, and translate what is lazy for everybody.

    All viewers share the schema, so its texts are in the platform's language.
    """
    read = cache(_read_parts)  # Of this schema: classes of plugins would otherwise stay.
    for element in list_elements(schema):
        part = element.part
        if not part.description and element.described_by is not None:
            part.description = read(element.described_by).get(element.name)
        if not part.description:
            part.description = _find_elsewhere(element)
        for each in TEXTS:
            text = getattr(part, each, None)
            if is_lazy(text):
                setattr(part, each, read_for_all(text))


def list_elements(schema: GraphQLSchema) -> Iterator[Element]:
    """All elements of the schema but those of GraphQL itself."""
    for each in walk_schema(schema):
        if isinstance(each.inside, GraphQLNamedType):
            described_by = source_of(each.inside)
        else:
            described_by = resolver_of(each.inside) if each.inside is not None else None
        yield Element(place=each.place, name=each.name, part=each.part, described_by=described_by)


def _find_elsewhere(element: Element) -> Any:
    """What an argument's type says, where that is an input of its own, and the help text of a model's column."""
    if isinstance(element.part, GraphQLArgument):
        kind = get_named_type(element.part.type)
        return kind.description if isinstance(kind, GraphQLInputObjectType) else None
    column = column_of(element.part, element.described_by)
    return getattr(column, "help_text", None) or None


def _read_parts(described: Any) -> dict[str, str]:
    """By their names in the schema; a class also has those of its bases."""
    parts: dict[str, str] = {}
    for each in reversed(getattr(described, "__mro__", (described,))):
        for name, text in parts_of(each).items():
            parts |= {name: text, to_camel_case(name): text}
    return parts
