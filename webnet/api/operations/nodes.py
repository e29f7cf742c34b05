"""Fetches whatever has a global id, as far as it exists for the viewer in this view."""

from __future__ import annotations

from typing import Any

from strawberry.types.base import StrawberryObjectDefinition

from webnet.api.request.context import Info
from webnet.api.vocabulary.node import Node, read_global_id


def find_node(info: Info, id: str) -> Any:  # noqa: A002 - the name in the schema
    """The node; None for an id that is none, of another type, missing or foreign alike.

    A type takes part by implementing `Node` and a static method `find_node(info, key)`.
    """
    named = read_global_id(id)
    definition = info.schema.get_type_by_name(named[0]) if named else None
    if named is None or not isinstance(definition, StrawberryObjectDefinition):
        return None
    find = getattr(definition.origin, "find_node", None)
    return find(info, named[1]) if find is not None and issubclass(definition.origin, Node) else None
