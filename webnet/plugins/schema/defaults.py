"""Collects the defaults of a JSON Schema at every depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webnet.plugins.schema.merge_patch import copy_json, merge_layers
from webnet.plugins.schema.walk import MISSING, Schema, follow_ref


def collect_defaults(root: Schema) -> dict[str, Any]:
    """All defaults as one object, except those of alternatives (`anyOf`, `oneOf`, `if`), of which none is chosen yet.

    A `default` next to a `$ref` takes precedence over the referenced schema's, and an object's own `default` over those
    of its members.
    """
    found = _collect(root, root, frozenset())
    return found if isinstance(found, dict) else {}


def _collect(root: Schema, schema: Any, passed: frozenset[int]) -> Any:
    """The default that a subschema gives; `passed` are the schemas around it, since schemas may be recursive."""
    if not isinstance(schema, Mapping) or id(schema) in passed:
        return MISSING
    passed |= {id(schema)}
    found: Any = MISSING
    referenced = [follow_ref(root, schema["$ref"])] if isinstance(schema.get("$ref"), str) else []
    for part in (*referenced, *schema.get("allOf", ())):
        found = _overlay(found, _collect(root, part, passed))
    members = {name: _collect(root, inner, passed) for name, inner in schema.get("properties", {}).items()}
    found = _overlay(found, {name: value for name, value in members.items() if value is not MISSING} or MISSING)
    return _overlay(found, copy_json(schema["default"])) if "default" in schema else found


def _overlay(below: Any, above: Any) -> Any:
    """Merge two defaults for the same value. A default may be null, which a merge patch would remove."""
    if above is MISSING:
        return below
    if isinstance(below, dict) and isinstance(above, dict):
        return {**merge_layers(below, above), **{name: None for name, value in above.items() if value is None}}
    return above
