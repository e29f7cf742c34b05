"""A settings schema as clients read it: forms hide each secret, and validators compile it in their strict mode.

It accepts the same settings as its author's schema, by which webnet itself validates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from webnet.plugins.schema.definition_errors import DRAFT, is_secret
from webnet.plugins.schema.walk import (
    ANY,
    WITH_NAMED_SUBSCHEMAS,
    WITH_SUBSCHEMA,
    WITH_SUBSCHEMAS,
    Schema,
    follow_ref,
    join_pointer,
    list_subschemas,
    list_types,
    walk_places,
)

# Those of draft 2020-12 that webnet supports. Strict validators, such as Ajv, refuse all that they don't know, and an
# `$id` that they know from another schema.
KEYWORDS = frozenset(
    {
        *(*WITH_SUBSCHEMA, *WITH_SUBSCHEMAS, *WITH_NAMED_SUBSCHEMAS, "$schema", "$ref", "$comment"),
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("type", "enum", "const", "format", "contentEncoding", "contentMediaType"),
        *("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains"),
        *("minProperties", "maxProperties", "required", "dependentRequired"),
    }
)

# What a person can type, so that a form may show it as dots.
_TYPED = frozenset({"string", "number", "integer"})
_TYPE_NAMES = {bool: "boolean", str: "string", int: "number", float: "number", dict: "object", list: "array"}


def make_client_schema(schema: Schema, is_secret_at: Callable[[str], bool] | None) -> dict[str, Any]:
    """A copy of a valid schema with `$schema` and without keywords that are not of the draft, such as `x-webnet-scope`.

    A schema of a secret, or of a part of one, has both `writeOnly` and `"format": "password"`, and what else its author
    wrote as `format` in an `allOf`. A definition that only some of its users make a secret stays as it is; they refer
    to a copy. `is_secret_at` is the author's schema's answer for a pointer, None if it has no secrets.
    """
    return _Rewriter(schema, is_secret_at).rewrite()


class _Rewriter:
    def __init__(self, root: Schema, is_secret_at: Callable[[str], bool] | None) -> None:
        self._root = root
        self._secret: set[int] = set()
        # Schemas of secrets of which another schema for the same value has the type.
        self._typed_elsewhere: set[int] = set()
        if is_secret_at is not None:
            self._find_secrets(is_secret_at)
        self._targets = {id(follow_ref(root, ref)) for ref in _list_references(root)}
        self._copies: dict[str, Any] = {}
        self._names: dict[int, str] = {}

    def rewrite(self) -> dict[str, Any]:
        copied: dict[str, Any] = {"$schema": DRAFT} | self._copy(self._root) | {"$schema": DRAFT}
        return copied | {"$defs": {**copied.get("$defs", {}), **self._copies}} if self._copies else copied

    def _find_secrets(self, is_secret_at: Callable[[str], bool]) -> None:
        """Find the schemas that apply to secrets, and to nothing else."""
        has_patterns = any("patternProperties" in schema for _, schema in list_subschemas(self._root))
        places: set[tuple[str, ...]] = set()
        elsewhere: set[int] = set()
        for place in walk_places(self._root):
            # A name may be covered by a pattern, of which the place itself does not know. The lookup takes its time.
            may_match = has_patterns and ANY not in place.segments
            is_secret_place = (
                place.segments[:-1] in places
                or any(map(is_secret, place.schemas))
                or (may_match and is_secret_at(join_pointer(place.segments)))
            )
            ids = {id(schema) for schema in place.schemas}
            if not is_secret_place:
                elsewhere |= ids
                continue
            places.add(place.segments)
            self._secret |= ids
            if any(self._find_types(schema) for schema in place.schemas):
                self._typed_elsewhere |= ids
        self._secret -= elsewhere

    def _copy(self, schema: Any, *, in_secret: bool = False) -> Any:
        """A copy; with `in_secret`, one for a secret alone of a schema that applies to other values as well."""
        if not isinstance(schema, Mapping):
            return schema
        is_marked = in_secret or self._is_secret(schema)
        copied: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in WITH_SUBSCHEMA:
                copied[keyword] = self._copy(value, in_secret=in_secret)
            elif keyword in WITH_SUBSCHEMAS:
                copied[keyword] = [self._copy(inner, in_secret=in_secret) for inner in value]
            elif keyword in WITH_NAMED_SUBSCHEMAS:
                copied[keyword] = {name: self._copy(inner, in_secret=in_secret) for name, inner in value.items()}
            elif keyword == "$ref" and is_marked:
                copied[keyword] = self._refer_to_secret(value)
            elif keyword in KEYWORDS or self._has_targets(value):
                copied[keyword] = value if keyword in KEYWORDS else self._copy_targets(value)
        return self._mark(schema, copied) if is_marked else copied

    def _is_secret(self, schema: Schema) -> bool:
        return id(schema) in self._secret or is_secret(schema)

    def _mark(self, schema: Schema, copied: dict[str, Any]) -> dict[str, Any]:
        copied["writeOnly"] = True
        types = self._find_types(schema)
        is_shown = bool(_TYPED.intersection(types)) if types else not self._is_described_elsewhere(schema)
        if not is_shown:
            return copied
        if types and "type" not in copied:
            # Strict validators want it next to `format`; what the schema refers to demands it already.
            copied["type"] = types[0] if len(types) == 1 else types
        if (declared := copied.get("format", "password")) != "password":
            copied["allOf"] = [*copied.get("allOf", ()), {"format": declared}]
        copied["format"] = "password"
        return copied

    def _is_described_elsewhere(self, schema: Schema) -> bool:
        """Whether other schemas for the same value, which are marked as well, have more to say of what it is."""
        return id(schema) in self._typed_elsewhere or not {"$ref", "allOf", "anyOf", "oneOf"}.isdisjoint(schema)

    def _find_types(self, schema: Any, passed: frozenset[int] = frozenset()) -> list[str]:
        """The types that the schema demands, itself or through what it refers to; empty if it is not sure."""
        if not isinstance(schema, Mapping) or id(schema) in passed:
            return []
        passed |= {id(schema)}
        if "type" in schema:
            return list_types(schema)
        if "const" in schema or "enum" in schema:
            values = [schema["const"]] if "const" in schema else schema["enum"]
            return sorted({_TYPE_NAMES.get(type(value), "null") for value in values} - {"null"}) + (
                ["null"] if None in values else []
            )
        referenced = [follow_ref(self._root, schema["$ref"])] if "$ref" in schema else []
        found = (self._find_types(inner, passed) for inner in (*referenced, *schema.get("allOf", ())))
        return next(filter(None, found), [])

    def _refer_to_secret(self, ref: str) -> str:
        """The reference to what applies to secrets only: the same, or one to a copy of it."""
        target = follow_ref(self._root, ref)
        if not isinstance(target, Mapping) or self._is_secret(target):
            return ref
        if id(target) not in self._names:
            name = self._names[id(target)] = self._find_name(ref)
            # Named before it is copied, since it may refer to itself.
            self._copies[name] = self._copy(target, in_secret=True)
        return f"#{join_pointer(['$defs', self._names[id(target)]])}"

    def _find_name(self, ref: str) -> str:
        last = "".join(filter(str.isalnum, ref.rpartition("/")[2])) or "settings"
        taken = {*self._root.get("$defs", {}), *self._names.values()}
        names = (f"{last}_secret{number or ''}" for number in range(len(taken) + 1))
        return next(name for name in names if name not in taken)

    def _has_targets(self, value: Any) -> bool:
        return id(value) in self._targets or any(map(self._has_targets, _members(value)))

    def _copy_targets(self, value: Any) -> Any:
        """A value that is no schema, but has schemas in it that others refer to."""
        if id(value) in self._targets:
            return self._copy(value)
        if isinstance(value, Mapping):
            return {name: self._copy_targets(member) for name, member in value.items()}
        return [self._copy_targets(item) for item in value] if isinstance(value, list) else value


def _list_references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        yield value["$ref"]
    for member in _members(value):
        yield from _list_references(member)


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()
