"""Walks a JSON Schema along the places of a document, to find the subschemas that apply to the value at each place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from webnet.values.patterns import compile_pattern

Schema = Mapping[str, Any]

# Recursion through several alternatives multiplies places; real schemas have far fewer.
MAXIMUM_PLACES = 10_000
MAXIMUM_INDEX_DIGITS = 9
ANY = "*"

# Keywords (draft 2020-12) whose subschemas apply to the same value, to an object's members, and to an array's items.
_SAME_VALUE = ("allOf", "anyOf", "oneOf")
_SAME_VALUE_ONE = ("if", "then", "else")
_ANY_MEMBER = ("additionalProperties", "unevaluatedProperties")
_ITEMS = ("items", "contains", "unevaluatedItems")

# All keywords with a subschema, with a list of subschemas, and with subschemas by name.
WITH_SUBSCHEMA = (*_SAME_VALUE_ONE, *_ANY_MEMBER, *_ITEMS, "not", "propertyNames", "contentSchema")
WITH_SUBSCHEMAS = (*_SAME_VALUE, "prefixItems")
WITH_NAMED_SUBSCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")

MISSING: Any = object()


def join_pointer(segments: Iterable[str | int]) -> str:
    """The pointer for unescaped segments; empty for the whole document."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The unescaped segments; raises ValueError for an invalid pointer."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is not a JSON Pointer: it must be empty or start with a slash.")
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in pointer[1:].split("/"))


def pointer_get(document: Any, pointer: str, default: Any = MISSING) -> Any:
    """The value at the pointer, through objects and arrays; the default, or MISSING, if there is none."""
    value = document
    for segment in split_pointer(pointer):
        if isinstance(value, Mapping) and segment in value:
            value = value[segment]
        elif isinstance(value, list | tuple) and is_index(segment) and int(segment) < len(value):
            value = value[int(segment)]
        else:
            return default
    return value


def is_index(segment: str) -> bool:
    """Whether it may be the index of an item; a member's name may be any digits, and int() refuses thousands."""
    return segment.isascii() and segment.isdecimal() and len(segment) <= MAXIMUM_INDEX_DIGITS


def pointer_set(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Set the value at the pointer in place; whatever is not an object on the way is replaced by one."""
    *others, last = split_pointer(pointer)
    for segment in others:
        if not isinstance(document.get(segment), dict):
            document[segment] = {}
        document = document[segment]
    document[last] = value


def pointer_removed(document: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """A copy of the document without the member at the pointer, which leads through objects only."""
    name, *others = split_pointer(pointer)
    if not others:
        return {key: value for key, value in document.items() if key != name}
    inner = document.get(name)
    if not isinstance(inner, Mapping):
        return dict(document)
    return {**document, name: pointer_removed(inner, join_pointer(others))}


def walk_leaves(value: Any, segments: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Every value that is not an object with members, with its path; an array is one value."""
    if not isinstance(value, Mapping) or (not value and segments):
        yield segments, value
        return
    for key, member in value.items():
        yield from walk_leaves(member, (*segments, key))


class EndlessSchema(Exception):
    """The schema has more places than MAXIMUM_PLACES."""


@dataclass(frozen=True, kw_only=True)
class SchemaPlace:
    """One place of a document that the schema describes; `*` stands for any member or item."""

    segments: tuple[str, ...]
    schemas: tuple[Schema, ...]
    in_array: bool


def follow_ref(root: Schema, ref: str) -> Any:
    """The target of a reference within the document; MISSING if it does not exist."""
    # In a URI's fragment other characters are percent-encoded (RFC 6901, section 6).
    return pointer_get(root, unquote(ref[1:])) if ref[:2] in {"#", "#/"} else MISSING


def expand(root: Schema, schemas: Iterable[Any]) -> tuple[Schema, ...]:
    """The schemas and all others that apply to the same value: references, alternatives and conditions."""
    found: dict[int, Schema] = {}
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop(0)
        if not isinstance(schema, Mapping) or id(schema) in found:
            continue
        found[id(schema)] = schema
        waiting.extend(_about_the_same(root, schema))
    return tuple(found.values())


def list_types(schema: Schema) -> list[str]:
    """The types that the schema itself allows; empty if it names none."""
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def descend(root: Schema, schemas: Iterable[Schema], segment: str) -> tuple[Schema, ...]:
    """The schemas of one member (or, if the segment is a number, one item) of their value."""
    inner = [inner for schema in schemas for inner in (*_member(schema, segment), *_item(schema, segment))]
    return expand(root, inner)


def walk_along(root: Schema, segments: Iterable[str]) -> Iterator[tuple[Schema, ...]]:
    """The schemas of the whole document, then those of each place along the segments."""
    level = expand(root, [root])
    yield level
    for segment in segments:
        level = descend(root, level, segment)
        yield level


def walk_places(root: Schema, start: tuple[Schema, ...] | None = None) -> Iterator[SchemaPlace]:
    """Every place that the schema describes, outer ones first, following each recursion once; raises EndlessSchema."""
    top = SchemaPlace(segments=(), schemas=expand(root, [root]) if start is None else start, in_array=False)
    waiting: list[tuple[SchemaPlace, frozenset[int]]] = [(top, frozenset())]
    for _ in range(MAXIMUM_PLACES):
        if not waiting:
            return
        place, passed = waiting.pop(0)
        yield place
        fresh = [schema for schema in place.schemas if id(schema) not in passed]
        passed |= {id(schema) for schema in fresh}
        waiting.extend((inner, passed) for inner in _inner_places(root, place, fresh))
    raise EndlessSchema


def find_schemas_above(root: Schema, has_mark: Callable[[Schema], bool]) -> frozenset[int]:
    """The ids of the schemas of values that may contain, at any depth, one whose schema has the mark.

    Each schema is looked at once, however many refer to it.
    """
    known: dict[int, Schema] = {}
    same_of: dict[int, list[int]] = {}
    outer_of: dict[int, list[int]] = {}
    waiting: list[Any] = [schema for _, schema in list_subschemas(root)]
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, Mapping) or id(schema) in known:
            continue
        known[id(schema)] = schema
        for sources, others in (same_of, _about_the_same(root, schema)), (outer_of, _inner_schemas(schema)):
            for other in others:
                sources.setdefault(id(other), []).append(id(schema))
                waiting.append(other)
    marked = _spread({key for key, schema in known.items() if has_mark(schema)}, same_of, outer_of)
    return frozenset(_spread({outer for key in marked for outer in outer_of.get(key, ())}, same_of))


def _spread(start: set[int], *ways: Mapping[int, list[int]]) -> set[int]:
    """What can be reached in these ways."""
    found, waiting = set(start), list(start)
    while waiting:
        key = waiting.pop()
        fresh = {other for way in ways for other in way.get(key, ())} - found
        found |= fresh
        waiting.extend(fresh)
    return found


def list_subschemas(schema: Any, segments: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Schema]]:
    """The schema and all schemas inside it, including unused ones, with their pointers."""
    if not isinstance(schema, Mapping):
        return
    yield join_pointer(segments), schema
    for keyword in WITH_SUBSCHEMA:
        yield from list_subschemas(schema.get(keyword), (*segments, keyword))
    for keyword in WITH_SUBSCHEMAS:
        for index, inner in enumerate(schema.get(keyword, ())):
            yield from list_subschemas(inner, (*segments, keyword, index))
    for keyword in WITH_NAMED_SUBSCHEMAS:
        for name, inner in schema.get(keyword, {}).items():
            yield from list_subschemas(inner, (*segments, keyword, name))


def _about_the_same(root: Schema, schema: Schema) -> Iterator[Any]:
    if isinstance(schema.get("$ref"), str):
        yield follow_ref(root, schema["$ref"])
    for keyword in _SAME_VALUE:
        yield from schema.get(keyword, ())
    for keyword in _SAME_VALUE_ONE:
        yield schema.get(keyword)
    yield from schema.get("dependentSchemas", {}).values()


def _member(schema: Schema, name: str) -> Iterator[Any]:
    yield schema.get("properties", {}).get(name)
    is_named = name in schema.get("properties", {})
    for pattern, inner in schema.get("patternProperties", {}).items():
        if compile_pattern(pattern).is_in(name):
            is_named = True
            yield inner
    if not is_named:
        for keyword in _ANY_MEMBER:
            yield schema.get(keyword)


def _item(schema: Schema, segment: str) -> Iterator[Any]:
    if not is_index(segment):
        return
    first, index = schema.get("prefixItems", ()), int(segment)
    yield first[index] if index < len(first) else schema.get("items")
    yield schema.get("contains")
    yield schema.get("unevaluatedItems")


def _inner_schemas(schema: Schema) -> Iterator[Any]:
    """The schemas of members and items."""
    yield from schema.get("properties", {}).values()
    yield from schema.get("patternProperties", {}).values()
    yield from schema.get("prefixItems", ())
    for keyword in (*_ANY_MEMBER, *_ITEMS):
        yield schema.get(keyword)


def _inner_places(root: Schema, place: SchemaPlace, schemas: Iterable[Schema]) -> Iterator[SchemaPlace]:
    members: dict[str, list[Any]] = {}
    items: list[Any] = []
    for schema in schemas:
        for name, inner in schema.get("properties", {}).items():
            members.setdefault(name, []).append(inner)
        others = [*schema.get("patternProperties", {}).values(), *(schema.get(keyword) for keyword in _ANY_MEMBER)]
        members.setdefault(ANY, []).extend(others)
        items += [*(schema.get(keyword) for keyword in _ITEMS), *schema.get("prefixItems", ())]
    for name, inner in [*members.items(), (ANY, items)]:
        found = expand(root, inner)
        if found:
            in_array = place.in_array or inner is items
            yield SchemaPlace(segments=(*place.segments, name), schemas=found, in_array=in_array)
