"""Validates a settings schema when its plugin is loaded, so that mistakes in it do not surface during requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, SchemaError

from webnet.containment import make_printable
from webnet.errors import PluginDefinitionError, show
from webnet.plugins.schema.defaults import collect_defaults
from webnet.plugins.schema.messages import describe_errors
from webnet.plugins.schema.validator import SCHEMA_FORMATS, TooManySteps, bounded_steps, make_validator
from webnet.plugins.schema.walk import (
    EndlessSchema,
    Schema,
    SchemaPlace,
    follow_ref,
    join_pointer,
    list_subschemas,
    pointer_get,
    walk_along,
    walk_leaves,
    walk_places,
)
from webnet.values.lazy_texts import is_lazy, plain
from webnet.values.patterns import PatternError, compile_pattern
from webnet.values.storable_values import describe_value, find_unstorable

# The pointer of a schema, one of its keywords, and the text of it.
Translation: TypeAlias = tuple[str, str, object]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

# Of the schema as JSON. Settings may be nested 32 levels deep, which takes two levels of a schema each.
MAXIMUM_LENGTH = 200_000
MAXIMUM_NESTING = 80

# A default that violates one of these can never be valid, unlike one that only lacks a required member.
_ABOUT_ONE_VALUE = {
    *("type", "enum", "const", "format", "pattern", "anyOf", "oneOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def read_schema(schema: object) -> dict[str, Any]:
    """Return the schema as plain JSON; raises PluginDefinitionError with the problem, its place and how to fix it."""
    read = _read_as_json(schema)
    draft = read.get("$schema", DRAFT)
    if not isinstance(draft, str) or draft.rstrip("#") != DRAFT:
        raise _mistake("/$schema", f"must be of draft 2020-12: remove '$schema', or set it to '{DRAFT}'")
    try:
        Draft202012Validator.check_schema(read, format_checker=SCHEMA_FORMATS)
    except SchemaError as error:
        raise _mistake(join_pointer(error.absolute_path), f"is not a valid JSON Schema: {error.message}") from None
    if read.get("type", "object") != "object":
        raise _mistake("", "must have the type 'object'")
    for pointer, inner in list_subschemas(read):
        _spell_out_false(inner)
        _refuse_pattern(pointer, inner)
        _refuse_reference(read, pointer, inner)
        if inner.get("x-webnet-scope", "customer") not in {"platform", "customer"}:
            raise _mistake(pointer, "has an 'x-webnet-scope' that is neither 'platform' nor 'customer'")
    _refuse_endless(read)
    for place in walk_places(read):
        _refuse_misplaced_mark(place)
        _refuse_large_default(place)
    _refuse_bad_defaults(read)
    return read


def is_secret(schema: Schema) -> bool:
    """Whether the schema marks its value as a secret."""
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def is_platform_only(schema: Schema) -> bool:
    """Whether only the platform's layer of settings may set the value."""
    return schema.get("x-webnet-scope") == "platform"


def _mistake(pointer: str, problem: str) -> PluginDefinitionError:
    return PluginDefinitionError(f"The settings schema {problem}{f' (at {pointer})' if pointer else ''}.")


def _refuse_pattern(pointer: str, schema: Schema) -> None:
    texts = [*([schema["pattern"]] if "pattern" in schema else ()), *schema.get("patternProperties", {})]
    for text in texts:
        try:
            compile_pattern(text)
        except PatternError as error:
            message = f"has the pattern '{show(text)}', which RE2 does not take ({show(error)})"
            raise _mistake(pointer, f"{message}: use no look-around and no backreferences") from None


def _read_as_json(schema: object) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        raise _mistake("", f"must be a dict, not {type(schema).__name__}")
    try:
        read: dict[str, Any] = json.loads(json.dumps(plain(schema), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _mistake(_find_strange_value(schema), f"must contain only JSON values: {error}") from error
    text = json.dumps(read, ensure_ascii=False)
    if len(text) > MAXIMUM_LENGTH:
        raise _mistake("", f"has {len(text):,} characters as JSON: use at most {MAXIMUM_LENGTH:,}")
    if _is_deeper(read, MAXIMUM_NESTING):
        raise _mistake("", f"is nested deeper than {MAXIMUM_NESTING} levels: make it flatter")
    if make_printable(text) != text:
        raise _mistake("", "has characters that can't be stored (such as '\\ud800'): remove them")
    return read


def _is_deeper(value: object, levels: int) -> bool:
    """Whether objects and arrays are nested deeper than that; no deeper ones are looked at."""
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(member, levels - 1) for member in members)


def _find_strange_value(schema: Mapping[Any, Any]) -> str:
    """The pointer of the first value that is not JSON; empty for a schema that has no end."""
    segments: tuple[str, ...] = ()
    try:
        for segments, value in walk_leaves(schema):  # noqa: B007 - read in the handler
            json.dumps(plain(value), allow_nan=False)
    except (TypeError, ValueError):
        return join_pointer(segments)
    except RecursionError:
        return ""
    return ""


def find_translations(schema: Mapping[str, Any], declared: object) -> Iterator[Translation]:
    """The lazily translated titles and descriptions of a schema, as its plugin declared them."""
    for pointer, _ in list_subschemas(schema):
        for keyword in ("title", "description"):
            text = pointer_get(declared, f"{pointer}/{keyword}")
            if is_lazy(text):
                yield pointer, keyword, text


def _spell_out_false(schema: Schema) -> None:
    """Replace the schema `false` of a property by `{"not": {}}`: `jsonschema` reports the former without a path."""
    for keyword in ("properties", "patternProperties"):
        named = schema.get(keyword, {})
        named.update({name: {"not": {}} for name, inner in named.items() if inner is False})


def _refuse_reference(root: Schema, pointer: str, schema: Schema) -> None:
    for keyword in ("$dynamicRef", "$dynamicAnchor", "$anchor"):
        if keyword in schema:
            raise _mistake(pointer, f"uses {keyword}, which is not supported: use '$ref' and '$defs'")
    for keyword in ("$id", "$schema"):
        if pointer and keyword in schema:
            raise _mistake(pointer, f"has '{keyword}' in a subschema: remove it, since all of it is one schema")
    ref = schema.get("$ref")
    if ref is None:
        return
    if not ref.startswith("#"):
        raise _mistake(pointer, f"refers to '{ref}', but external schemas are not fetched: copy it into '$defs'")
    if not isinstance(follow_ref(root, ref), Mapping | bool):
        raise _mistake(pointer, f"refers to '{ref}', which does not exist")


def _refuse_endless(schema: Schema) -> None:
    try:
        with bounded_steps():
            list(make_validator(schema).iter_errors({}))
        for _ in walk_places(schema):
            pass
    except TooManySteps:
        raise _mistake("", "has an endless reference to itself: put a property or an item in between") from None
    except EndlessSchema:
        raise _mistake("", "has too many nested properties: simplify its references") from None


def _refuse_misplaced_mark(place: SchemaPlace) -> None:
    pointer = join_pointer(place.segments)
    secret = any(is_secret(schema) for schema in place.schemas)
    if not secret and not any(is_platform_only(schema) for schema in place.schemas):
        return
    if not place.segments:
        raise _mistake("", "marks the whole settings: mark single properties as secret or platform-only instead")
    if place.in_array:
        kind = "a secret" if secret else "a platform-only value"
        message = f"has {kind} in an array, which can only be replaced as a whole: use an object with named members"
        raise _mistake(pointer, message)
    if secret and any("default" in schema for schema in place.schemas):
        raise _mistake(pointer, "has a secret with a default, which everybody could read: remove the default")
    if secret and any("properties" in schema or schema.get("type") == "object" for schema in place.schemas):
        raise _mistake(pointer, "marks an object as secret: mark its secret members instead")


def _refuse_large_default(place: SchemaPlace) -> None:
    # No settings with it could be stored, and nobody who fills in the form could say why.
    for schema in place.schemas:
        for inner, _ in find_unstorable(schema.get("default"), describe=_describe_integer):
            pointer = join_pointer([*place.segments, *inner])
            message = "has a default beyond 64 bits: use a smaller one, or a float such as 1e30 for the type 'number'"
            raise _mistake(pointer, message)


def _describe_integer(value: object) -> str | None:
    return describe_value(value) if isinstance(value, int) else None


def _refuse_bad_defaults(schema: Schema) -> None:
    defaults = collect_defaults(schema)
    for segments, _ in walk_leaves(defaults):
        if any(is_secret(each) for level in walk_along(schema, segments) for each in level):
            raise _mistake(
                join_pointer(segments), "has a secret with a default, which everybody could read: remove the default"
            )
    try:
        with bounded_steps():
            errors = list(make_validator(schema).iter_errors(defaults))
    except TooManySteps:
        raise _mistake("", "has defaults that take too long to check: simplify it") from None
    for error in errors:
        if error.absolute_path and error.validator in _ABOUT_ONE_VALUE:
            issue = next(describe_errors([error]))
            raise _mistake(issue.path, f"has an invalid default: it {issue.message}")
