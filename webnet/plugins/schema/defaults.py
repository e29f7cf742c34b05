"""Collects the defaults of a JSON Schema at every depth."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from webnet.plugins.schema.merge_patch import merge_layers
from webnet.plugins.schema.pointer import MISSING
from webnet.plugins.schema.walk import Schema, follow_ref


def collect_defaults(root: Schema) -> dict[str, Any]:
    """The defaults as one object; those of alternatives (`anyOf`, `oneOf`, `if`) do not count, since none is chosen.

    A `default` beside a `$ref` goes before the referenced one, and an object's own `default` before its members'.
    """
    found = _collect(root, root, frozenset())
    return found if isinstance(found, dict) else {}


def _collect(root: Schema, schema: Any, passed: frozenset[int]) -> Any:
    if not isinstance(schema, Mapping) or id(schema) in passed:
        return MISSING
    passed |= {id(schema)}
    found: Any = MISSING
    for part in _parts(root, schema):
        found = _overlay(found, _collect(root, part, passed))
    found = _overlay(found, _collect_members(root, schema, passed))
    return _overlay(found, deepcopy(schema["default"])) if "default" in schema else found


def _parts(root: Schema, schema: Schema) -> list[Any]:
    referenced = [follow_ref(root, schema["$ref"])] if isinstance(schema.get("$ref"), str) else []
    return [*referenced, *schema.get("allOf", ())]


def _collect_members(root: Schema, schema: Schema, passed: frozenset[int]) -> Any:
    members = {name: _collect(root, inner, passed) for name, inner in schema.get("properties", {}).items()}
    return {name: value for name, value in members.items() if value is not MISSING} or MISSING


def _overlay(below: Any, above: Any) -> Any:
    if above is MISSING:
        return below
    if isinstance(below, dict) and isinstance(above, dict):
        return {**merge_layers(below, above), **{name: None for name, value in above.items() if value is None}}
    return above
