"""Removes platform-only properties from settings and from their schema, before customers see either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from webnet.plugins.schema.definition_errors import is_platform_only
from webnet.plugins.schema.walk import Schema, descend, expand, join_pointer

# Keywords whose subschemas apply to the same value, and keywords that map names to schemas.
SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else", "not"})
MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
ANY_MEMBER = frozenset({"additionalProperties", "unevaluatedProperties"})


def prune_settings(settings: Mapping[str, Any], is_hidden: Callable[[str], bool]) -> dict[str, Any]:
    """The settings without the values at hidden pointers."""
    return _prune_object(settings, is_hidden, ())


def prune_schema(schema: Schema) -> dict[str, Any]:
    """The schema without platform-only properties, and without what refers to them (`required`, `default`, ...)."""
    pruned: dict[str, Any] = _prune_node(schema, schema, frozenset())
    return pruned


def _prune_object(value: Mapping[str, Any], is_hidden: Callable[[str], bool], place: tuple[str, ...]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, member in value.items():
        inner = (*place, name)
        if is_hidden(join_pointer(inner)):
            continue
        kept[name] = _prune_object(member, is_hidden, inner) if isinstance(member, Mapping) else deepcopy(member)
    return kept


def _prune_node(root: Schema, node: Any, above: frozenset[str]) -> Any:
    """Prune one subschema; `above` are the members that the enclosing schemas hide in the value it applies to."""
    if isinstance(node, list):
        return [_prune_node(root, item, above) for item in node]
    if not isinstance(node, Mapping):
        return node
    hidden = above | _hidden_members(root, node)
    return {
        keyword: _prune_keyword(root, node, keyword, hidden)
        for keyword in node
        if keyword not in ANY_MEMBER or not _is_platform_only(root, node[keyword])
    }


def _prune_keyword(root: Schema, node: Schema, keyword: str, hidden: frozenset[str]) -> Any:
    value = node[keyword]
    if keyword in SAME_VALUE:
        return _prune_node(root, value, hidden)
    if keyword == "dependentSchemas":
        return {name: _prune_node(root, inner, hidden) for name, inner in value.items() if name not in hidden}
    if keyword == "dependentRequired":
        return {name: _without(hidden, needed) for name, needed in value.items() if name not in hidden}
    if keyword == "required":
        return _without(hidden, value)
    if keyword in {"default", "const"}:
        return _prune_value(root, expand(root, [node]), value)
    if keyword in {"enum", "examples"}:
        return [_prune_value(root, expand(root, [node]), each) for each in value]
    if keyword in MAPS:
        return {
            name: _prune_node(root, inner, frozenset())
            for name, inner in value.items()
            if not _is_platform_only(root, inner)
        }
    return _prune_node(root, value, frozenset())


def _prune_value(root: Schema, schemas: tuple[Schema, ...], value: Any) -> Any:
    """A value in the schema itself, such as a default, without its platform-only members."""
    if not isinstance(value, Mapping):
        return value
    inner = {name: descend(root, schemas, name) for name in value}
    return {
        name: _prune_value(root, inner[name], member)
        for name, member in value.items()
        if not any(is_platform_only(schema) for schema in inner[name])
    }


def _hidden_members(root: Schema, node: Schema) -> frozenset[str]:
    """The names of platform-only members, according to all schemas that apply to the node's value."""
    named = [schema.get("properties", {}) for schema in expand(root, [node])]
    return frozenset(name for each in named for name, inner in each.items() if _is_platform_only(root, inner))


def _is_platform_only(root: Schema, schema: Any) -> bool:
    return any(is_platform_only(each) for each in expand(root, [schema]))


def _without(hidden: frozenset[str], names: Any) -> Any:
    return [name for name in names if name not in hidden]
