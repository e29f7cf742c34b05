"""Prints the superset: the schema with all plugins, in which whatever may not exist for a customer may be null."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    parse,
)

from webnet.api.engine.current import FullSchema
from webnet.api.engine.ownership import Ownership

WITH_FIELDS = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, InputObjectTypeDefinitionNode)


def export_superset(full: FullSchema) -> str:
    """The SDL of the superset.

    A field that a plugin adds to a type of the host, or of another plugin, is nullable in it, whatever it is in a
    customer's schema: where its plugin is not effective, it is pruned from documents and answered with null.
    """
    text = full.schema.export()
    for place in sorted(_find_marks(text, full.owners), reverse=True):
        text = text[:place] + text[place + 1 :]
    return text


def _find_marks(text: str, owners: Ownership) -> Iterator[int]:
    """Where the exclamation marks are of fields that plugins add to types that are not theirs."""
    for definition in parse(text).definitions:
        for name, place in _find_non_null_fields(definition):
            owner = owners.types.get(name[0])
            if owners.fields.get(name, owner) != owner:
                yield place


def _find_non_null_fields(definition: DefinitionNode) -> Iterator[tuple[tuple[str, str], int]]:
    """Each as its type's name and its own, with the place of its mark."""
    if isinstance(definition, WITH_FIELDS):
        for each in definition.fields or ():
            if isinstance(each.type, NonNullTypeNode) and each.type.loc is not None:
                yield (definition.name.value, each.name.value), each.type.loc.end - 1
