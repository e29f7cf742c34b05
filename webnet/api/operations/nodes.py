"""Finds objects by their global ids: those of each type together, so that many ids take as few statements as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from strawberry.types.base import StrawberryObjectDefinition

from webnet.api.declarations.sizes import MAXIMUM_IDS
from webnet.api.errors import BadValue
from webnet.api.request.context import Info
from webnet.api.resolvers import permission_matrix
from webnet.api.vocabulary.node import Node, read_global_id

# The finders of types below the rooms that find their values, which therefore can't have them.
ELSEWHERE: Mapping[str, Callable[[Info, Sequence[str]], Mapping[str, Any]]] = {
    "CustomerPermission": lambda info, keys: permission_matrix.find_permissions(info.context.reading, keys),
}


def find_nodes(info: Info, ids: Sequence[str]) -> list[Any]:
    """The nodes in the order of their ids; raises BadValue for more ids than are allowed.

    One is None for an invalid id as for one of another type, of a missing row, or of another customer's. A type takes
    part by implementing `Node` and a static method `find_nodes(info, keys)`, which returns the nodes by key. Where that
    fails, the exception stands in the places of that type's ids alone, and becomes an error of each.
    """
    if len(ids) > MAXIMUM_IDS:
        raise BadValue(f"'ids' has {len(ids):,} items: give at most {MAXIMUM_IDS:,}.")
    named = [read_global_id(each) for each in ids]
    keys: dict[str, dict[str, None]] = {}
    for type_name, key in filter(None, named):
        keys.setdefault(type_name, {})[key] = None
    found = {(name, key): node for name, own in keys.items() for key, node in _find(info, name, list(own)).items()}
    return [found.get(each) if each is not None else None for each in named]


def _find(info: Info, type_name: str, keys: Sequence[str]) -> dict[str, Any]:
    definition = info.schema.get_type_by_name(type_name)
    if not isinstance(definition, StrawberryObjectDefinition) or not issubclass(definition.origin, Node):
        return {}
    find = ELSEWHERE.get(type_name) or getattr(definition.origin, "find_nodes", None)
    if find is None:
        return {}
    try:
        return dict(find(info, keys))
    except Exception as error:  # noqa: BLE001 - it may be a plugin's, and the other types' nodes are found without it
        return dict.fromkeys(keys, error)
