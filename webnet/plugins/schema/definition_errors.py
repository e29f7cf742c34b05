"""Finds what is wrong with a settings schema when its plugin loads, so that no request meets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError
from referencing import Registry

from webnet.containment import make_printable
from webnet.errors import PluginDefinitionError
from webnet.plugins.schema.defaults import collect_defaults
from webnet.plugins.schema.messages import tell_issues
from webnet.plugins.schema.pointer import join_pointer, walk_leaves
from webnet.plugins.schema.walk import (
    EndlessSchema,
    Place,
    Schema,
    follow_ref,
    list_subschemas,
    walk_along,
    walk_places,
)

DRAFT = "https://json-schema.org/draft/2020-12/schema"

# A default that breaks one of these can never be right; one that leaves, say, a required value open can.
_ABOUT_ONE_VALUE = {
    *("type", "enum", "const", "format", "pattern", "anyOf", "oneOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def refuse_mistakes(schema: object) -> dict[str, Any]:
    """The schema as plain JSON; raises PluginDefinitionError, saying what is wrong, where, and what to write."""
    plain = _read_as_json(schema)
    _refuse_other_draft(plain)
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError as error:
        raise _mistake(join_pointer(error.absolute_path), f"is no JSON Schema: {error.message}") from None
    if plain.get("type", "object") != "object":
        raise _mistake("", "must have the type 'object', since settings are one")
    for pointer, inner in list_subschemas(plain):
        _spell_out_false(inner)
        _refuse_reference(plain, pointer, inner)
        _refuse_scope(pointer, inner)
    _refuse_endless(plain)
    for place in walk_places(plain):
        _refuse_misplaced_mark(place)
    _refuse_bad_defaults(plain)
    return plain


def is_secret(schema: Schema) -> bool:
    """Whether the schema marks its value as a secret."""
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def is_platform_only(schema: Schema) -> bool:
    """Whether the schema keeps its value to the platform's layer."""
    return schema.get("x-webnet-scope") == "platform"


def _mistake(pointer: str, words: str) -> PluginDefinitionError:
    return PluginDefinitionError(f"The settings schema {words}{f' (at {pointer})' if pointer else ''}.")


def _read_as_json(schema: object) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        raise _mistake("", f"must be a dict, not {type(schema).__name__}")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(schema), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _mistake("", f"must be made of JSON values only: {error}") from error
    text = json.dumps(plain, ensure_ascii=False)
    if make_printable(text) != text:
        raise _mistake("", "has characters that are none (such as '\\ud800'): take them out")
    return plain


def _refuse_other_draft(schema: Schema) -> None:
    draft = schema.get("$schema", DRAFT)
    if not isinstance(draft, str) or draft.rstrip("#") != DRAFT:
        raise _mistake("/$schema", f"must be of draft 2020-12: leave '$schema' out, or write '{DRAFT}'")


def _spell_out_false(schema: Schema) -> None:
    """Writes `{"not": {}}` for a property's `false`, whose error `jsonschema` gives without the property's path."""
    for keyword in ("properties", "patternProperties"):
        named = schema.get(keyword, {})
        named.update({name: {"not": {}} for name, inner in named.items() if inner is False})


def _refuse_reference(root: Schema, pointer: str, schema: Schema) -> None:
    for keyword in ("$dynamicRef", "$dynamicAnchor", "$anchor"):
        if keyword in schema:
            raise _mistake(pointer, f"uses {keyword}, which webnet does not follow: use '$ref' and '$defs'")
    if pointer and "$id" in schema:
        raise _mistake(pointer, "has an '$id' inside: leave it out, since references stay within the schema")
    ref = schema.get("$ref")
    if ref is None:
        return
    if not ref.startswith("#"):
        raise _mistake(pointer, f"refers to '{ref}', and nothing is fetched: copy it into '$defs'")
    if not isinstance(follow_ref(root, ref), Mapping | bool):
        raise _mistake(pointer, f"refers to '{ref}', where there is no schema")


def _refuse_scope(pointer: str, schema: Schema) -> None:
    scope = schema.get("x-webnet-scope", "customer")
    if scope not in {"platform", "customer"}:
        raise _mistake(pointer, "has an 'x-webnet-scope' that is neither 'platform' nor 'customer'")


def _refuse_endless(schema: Schema) -> None:
    try:
        list(Draft202012Validator(schema, registry=Registry()).iter_errors({}))
        for _ in walk_places(schema):
            pass
    except RecursionError:
        raise _mistake("", "refers to itself without an end: put a property or an item in between") from None
    except EndlessSchema:
        raise _mistake("", "has too many places: make its references simpler") from None


def _refuse_misplaced_mark(place: Place) -> None:
    pointer = join_pointer(place.segments)
    secret = any(is_secret(schema) for schema in place.schemas)
    if not secret and not any(is_platform_only(schema) for schema in place.schemas):
        return
    if not place.segments:
        raise _mistake("", "marks everything at once: mark single properties as secret or as the platform's")
    if place.in_array:
        kind = "a secret" if secret else "a value for the platform only"
        raise _mistake(pointer, f"has {kind} inside an array item, and arrays are replaced whole: use objects by name")
    if secret and any("default" in schema for schema in place.schemas):
        raise _mistake(pointer, "has a secret with a default, which everybody could read: leave the default out")
    if secret and any("properties" in schema or schema.get("type") == "object" for schema in place.schemas):
        raise _mistake(pointer, "marks an object as secret: mark those of its members that are secret")


def _refuse_bad_defaults(schema: Schema) -> None:
    defaults = collect_defaults(schema)
    for segments, _ in walk_leaves(defaults):
        if any(is_secret(each) for level in walk_along(schema, segments) for each in level):
            raise _mistake(join_pointer(segments), "has a secret with a default, which everybody could read")
    validator = Draft202012Validator(schema, registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(defaults):
        if error.absolute_path and error.validator in _ABOUT_ONE_VALUE:
            issue = next(tell_issues([error]))
            raise _mistake(issue.path, f"has a default that does not fit: it {issue.message}")
