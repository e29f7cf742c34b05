"""Takes the platform's own properties out of settings and of their schema, before customers see either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from webnet.plugins.json_pointer import join_pointer
from webnet.plugins.schema_mistakes import is_platform_only
from webnet.plugins.schema_walk import Schema, expand


def prune_settings(settings: Mapping[str, Any], is_hidden: Callable[[str], bool]) -> dict[str, Any]:
    """The settings without the values whose pointer is hidden."""
    return _prune_object(settings, is_hidden, ())


def prune_schema(schema: Schema) -> dict[str, Any]:
    """The schema without the properties that are the platform's only, and without mentions of them."""
    pruned: dict[str, Any] = _prune_node(schema, schema)
    return pruned


def _prune_object(value: Mapping[str, Any], is_hidden: Callable[[str], bool], place: tuple[str, ...]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, member in value.items():
        inner = (*place, name)
        if is_hidden(join_pointer(inner)):
            continue
        kept[name] = _prune_object(member, is_hidden, inner) if isinstance(member, Mapping) else deepcopy(member)
    return kept


def _prune_node(root: Schema, node: Any) -> Any:
    if isinstance(node, list):
        return [_prune_node(root, item) for item in node]
    if not isinstance(node, Mapping):
        return node
    hidden = {*_hidden_names(root, node.get("properties")), *_hidden_names(root, node.get("$defs"))}
    return {keyword: _prune_node(root, _without(hidden, keyword, value)) for keyword, value in node.items()}


def _hidden_names(root: Schema, schemas: Any) -> set[str]:
    if not isinstance(schemas, Mapping):
        return set()
    return {name for name, schema in schemas.items() if any(is_platform_only(each) for each in expand(root, [schema]))}


def _without(hidden: set[str], keyword: str, value: Any) -> Any:
    if keyword in {"properties", "$defs", "default"} and isinstance(value, Mapping):
        return {name: member for name, member in value.items() if name not in hidden}
    if keyword == "required" and isinstance(value, list):
        return [name for name in value if name not in hidden]
    return value
