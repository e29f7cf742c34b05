"""What a place of the settings may be, read from the schema: one kind of field, or JSON for what a form can't show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from webnet.console.settings_form.names import JSON, SECRET_JSON, is_nameable
from webnet.console.settings_form.texts import write_compact
from webnet.plugins.schema.definition_errors import is_secret
from webnet.plugins.schema.walk import Schema, follow_ref, list_types

# More of them are a list that nobody reads; the part is edited as JSON.
MAXIMUM_BRANCHES = 40
MAXIMUM_OPTIONS = 500
# Branches within branches multiply; a form of MAXIMUM_ENTRIES needs far fewer.
MAXIMUM_SHAPES = 2_000

_TEXT_WORDS = frozenset({"minLength", "maxLength", "pattern", "format", "contentMediaType", "contentEncoding"})
_NUMBER_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_OBJECT_WORDS = frozenset({"properties", "additionalProperties", "patternProperties", "unevaluatedProperties"})
_ARRAY_WORDS = frozenset({"items", "prefixItems"})
# Without one of them, a branch of `anyOf` only says more about a value, which is for the validator.
_SHAPING = _OBJECT_WORDS | _ARRAY_WORDS | {"type", "enum"}
# Keywords of which not the last one counts, but all together.
_JOINED = frozenset({"properties", "anyOf", "oneOf", "type", "enum", "const", "required"})


class Kind(StrEnum):
    """What a field is; the templates are named after them."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    OPTIONS = "options"
    NULL = "null"
    SECRET = "secret"  # noqa: S105 - a kind of field
    OBJECT = "object"
    ARRAY = "array"
    CHOICE = "choice"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Option:
    """A value to choose; without a title it is shown as it is."""

    value: Any
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class _Flat:
    """All keywords that apply to one value, with its alternatives aside."""

    words: dict[str, Any] = field(default_factory=dict)
    members: dict[str, list[Any]] = field(default_factory=dict)
    groups: list[list[Any]] = field(default_factory=list)
    passed: dict[int, Any] = field(default_factory=dict)

    def copy(self) -> _Flat:
        return _Flat(
            words=dict(self.words),
            members={name: list(schemas) for name, schemas in self.members.items()},
            groups=list(self.groups),
            passed=dict(self.passed),
        )


@dataclass(frozen=True, kw_only=True)
class FieldShape:
    """One place: its kind, and the keywords that apply. `is_whole`: in an array, where nothing is inherited.

    `around` are the schemas of the places around it, by which recursion is known. `holds_secret`: there may be a secret
    anywhere in it.
    """

    kind: Kind
    words: Mapping[str, Any]
    is_whole: bool
    members: Mapping[str, tuple[Any, ...]] = field(default_factory=dict, repr=False)
    options: tuple[Option, ...] = ()
    branches: tuple[FieldShape, ...] = field(default=(), repr=False)
    fixed: frozenset[str] = frozenset()
    around: frozenset[int] = field(default=frozenset(), repr=False)
    is_recursive: bool = False
    holds_secret: bool = False
    title: str = ""
    description: str = ""

    @property
    def json_word(self) -> str:
        """What is in front of its input's name if it is edited as JSON."""
        return SECRET_JSON if self.holds_secret else JSON

    @property
    def required(self) -> frozenset[str]:
        """The names of the members that have to be there."""
        return frozenset(self.words.get("required", ()))

    @cached_property
    def others(self) -> Any:
        """The schema of members that the schema does not name; None if there can't be any."""
        patterns = list(self.words.get("patternProperties", {}).values())
        others = self.words.get("additionalProperties", self.words.get("unevaluatedProperties"))
        if isinstance(others, Mapping):
            return {} if patterns else others
        if patterns:
            return patterns[0] if len(patterns) == 1 and others is False else {}
        return {} if others is True else None


class Shapes:
    """The shapes of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        self._secret_holders = _find_secret_holders(schema)
        self._known: dict[tuple[int, bool, frozenset[int]], FieldShape] = {}
        # So that no two schemas have the same `id`.
        self._made: list[Any] = []
        self._left = MAXIMUM_SHAPES

    def top(self) -> FieldShape:
        """The shape of the settings as a whole, which is an object or JSON."""
        shape = self.find(self._root, is_whole=False, around=frozenset())
        return shape if shape.kind is Kind.OBJECT else replace(shape, kind=Kind.JSON)

    def member(self, shape: FieldShape, name: str) -> FieldShape:
        """The shape of a member that the schema names."""
        schemas = shape.members[name]
        return self.find(self._join(schemas), is_whole=shape.is_whole, around=shape.around)

    def other(self, shape: FieldShape) -> FieldShape:
        """The shape of any other member."""
        found = self.find(shape.others or {}, is_whole=shape.is_whole, around=shape.around)
        # Without a schema of its own, it may be one of several patterns.
        return found if shape.others else replace(found, holds_secret=shape.holds_secret)

    def item(self, shape: FieldShape) -> FieldShape:
        """The shape of an array's items."""
        return self.find(shape.words["items"], is_whole=True, around=shape.around)

    def find(self, schema: Any, *, is_whole: bool, around: frozenset[int]) -> FieldShape:
        """The shape of a place with this schema."""
        key = id(schema), is_whole, around
        if key not in self._known:
            flat = _Flat()
            self._flatten(schema, flat)
            self._known[key] = self._shape(flat, is_whole=is_whole, around=around)
        return self._known[key]

    def _join(self, schemas: tuple[Any, ...]) -> Any:
        if len(schemas) == 1:
            return schemas[0]
        self._made.append({"allOf": list(schemas)})
        return self._made[-1]

    def _flatten(self, schema: Any, flat: _Flat) -> None:
        """Add the schema's keywords; each schema once, since thousands may refer to the same one."""
        if not isinstance(schema, Mapping) or id(schema) in flat.passed:
            return
        flat.passed[id(schema)] = schema
        referenced = [follow_ref(self._root, schema["$ref"])] if "$ref" in schema else []
        for part in (*referenced, *schema.get("allOf", ())):
            self._flatten(part, flat)
        for name, inner in schema.get("properties", {}).items():
            flat.members.setdefault(name, []).append(inner)
        flat.groups.extend(list(schema[word]) for word in ("anyOf", "oneOf") if word in schema)
        flat.words.update({word: value for word, value in schema.items() if word not in _JOINED})
        if "type" in schema:
            flat.words["type"] = _common_types(flat.words.get("type"), list_types(schema))
        enums = [schema["enum"]] if "enum" in schema else []
        for options in (*enums, *([[schema["const"]]] if "const" in schema else ())):
            flat.words["enum"] = _common_options(flat.words.get("enum"), options)
        flat.words["required"] = [*flat.words.get("required", ()), *schema.get("required", ())]
        for condition in (schema.get("then"), schema.get("else"), *schema.get("dependentSchemas", {}).values()):
            self._add_conditional_members(condition, flat)

    def _add_conditional_members(self, schema: Any, flat: _Flat) -> None:
        conditional = _Flat(passed=flat.passed)
        self._flatten(schema, conditional)
        for name, schemas in conditional.members.items():
            flat.members.setdefault(name, schemas[:1])

    def _shape(self, flat: _Flat, *, is_whole: bool, around: frozenset[int]) -> FieldShape:
        words = flat.words
        self._left -= 1
        made = FieldShape(
            kind=Kind.JSON,
            words=words,
            is_whole=is_whole,
            members={name: tuple(schemas) for name, schemas in flat.members.items()},
            around=around | set(flat.passed),
            is_recursive=not around.isdisjoint(flat.passed),
            holds_secret=not self._secret_holders.isdisjoint(flat.passed),
            title=str(words.get("title", "")),
            description=str(words.get("description", "")),
        )
        if self._left < 0:
            return made
        if is_secret(words):
            return replace(made, kind=Kind.SECRET)
        if "enum" in words:
            return self._with_options(made, [Option(value=value) for value in words["enum"]])
        groups = [group for group in flat.groups if self._is_shaping(group)]
        if len(groups) > 1:
            return made
        if groups:
            return self._with_branches(flat, made, groups[0], around)
        types = _shown_types(flat, is_whole=is_whole)
        if len(types) > 1:
            branches = [self._typed(flat, one, is_whole=is_whole, around=around) for one in types]
            return _make_choice(made, branches)
        return self._simple(made, types[0] if types else "")

    def _typed(self, flat: _Flat, one: str, *, is_whole: bool, around: frozenset[int]) -> FieldShape:
        copy = flat.copy()
        copy.words["type"] = [one]
        # The branch is named after its type, since the title is that of all.
        shape = self._shape(copy, is_whole=is_whole, around=around)
        return replace(shape, title="")

    def _simple(self, made: FieldShape, one: str) -> FieldShape:
        words = made.words
        if one == "boolean":
            return self._with_options(made, [Option(value=True), Option(value=False)])
        if one in {"string", "number", "integer", "null"}:
            return replace(made, kind=Kind("text" if one == "string" else one))
        if one == "object" and all(map(is_nameable, made.members)) and (made.members or made.others is not None):
            return replace(made, kind=Kind.OBJECT)
        if one == "array" and isinstance(words.get("items"), Mapping) and "prefixItems" not in words:
            return replace(made, kind=Kind.ARRAY)
        return made

    def _with_options(self, made: FieldShape, options: list[Option]) -> FieldShape:
        # A patch that sets a member to null removes it.
        shown = tuple(option for option in options if made.is_whole or option.value is not None)
        return replace(made, kind=Kind.OPTIONS, options=shown) if 0 < len(shown) <= MAXIMUM_OPTIONS else made

    def _is_shaping(self, group: list[Any], passed: frozenset[int] = frozenset()) -> bool:
        for branch in group:
            flat = _Flat(passed=dict.fromkeys(passed))
            self._flatten(branch, flat)
            around = passed | set(flat.passed)
            if flat.members or not _SHAPING.isdisjoint(flat.words):
                return True
            if any(self._is_shaping(inner, around) for inner in flat.groups[:1]):
                return True
        return False

    def _with_branches(self, flat: _Flat, made: FieldShape, group: list[Any], around: frozenset[int]) -> FieldShape:
        if len(group) > MAXIMUM_BRANCHES:
            return made
        base = flat.copy()
        base.groups.clear()
        alone: list[_Flat] = []
        merged: list[_Flat] = []
        for branch in group:
            own = _Flat()
            self._flatten(branch, own)
            if own.words.get("type") == ["null"] and not made.is_whole:
                continue
            both = base.copy()
            self._flatten(branch, both)
            alone.append(own)
            merged.append(both)
        if len(merged) == 1:
            return self._shape(merged[0], is_whole=made.is_whole, around=around)
        if merged and all(len(own.words.get("enum", ())) == 1 and not own.members for own in alone):
            titles = [str(own.words.get("title", "")) for own in alone]
            values = [own.words["enum"][0] for own in alone]
            options = [Option(value=value, title=title) for value, title in zip(values, titles, strict=True)]
            return self._with_options(made, options)
        branches = []
        for own, both in zip(alone, merged, strict=True):
            shape = self._shape(both, is_whole=made.is_whole, around=around)
            named = replace(
                shape,
                title=str(own.words.get("title", "")),
                description=str(own.words.get("description", "")),
                fixed=frozenset(self._find_fixed(own)) if shape.kind is Kind.OBJECT else frozenset(),
            )
            branches.append(named)
        return _make_choice(made, branches)

    def _find_fixed(self, flat: _Flat) -> Iterator[str]:
        """The members of a branch that can have one value only, by which the branches are told apart."""
        for name, schemas in flat.members.items():
            inner = _Flat()
            for schema in schemas:
                self._flatten(schema, inner)
            if len(inner.words.get("enum", ())) == 1:
                yield name


def _find_secret_holders(root: Schema) -> frozenset[int]:
    """The ids of all parts of the schema with a secret anywhere in them, also by references."""
    holders: dict[int, list[int]] = {}
    found: set[int] = set()
    seen: set[int] = set()
    secrets: list[int] = []
    waiting: list[Any] = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or not isinstance(part, Mapping | list):
            continue
        seen.add(id(part))
        inner = [*part.values()] if isinstance(part, Mapping) else part
        if isinstance(part, Mapping):
            secrets += [id(part)] if is_secret(part) else []
            inner += [follow_ref(root, part["$ref"])] if isinstance(part.get("$ref"), str) else []
        for each in inner:
            holders.setdefault(id(each), []).append(id(part))
        waiting += inner
    while secrets:
        part_id = secrets.pop()
        if part_id not in found:
            found.add(part_id)
            secrets += holders.get(part_id, ())
    return frozenset(found)


def _make_choice(made: FieldShape, branches: Iterable[FieldShape]) -> FieldShape:
    """A choice between them; branches that are choices themselves are choices of this one."""
    flat: list[FieldShape] = []
    for branch in branches:
        flat += branch.branches if branch.kind is Kind.CHOICE else [branch]
    # A secret's input has nowhere to say that another branch is chosen.
    is_shown = 0 < len(flat) <= MAXIMUM_BRANCHES and all(branch.kind is not Kind.SECRET for branch in flat)
    return replace(made, kind=Kind.CHOICE, branches=tuple(flat)) if is_shown else made


def _shown_types(flat: _Flat, *, is_whole: bool) -> list[str]:
    """The types to choose from; guessed from other keywords where the schema has none."""
    words = flat.words
    types = [one for one in words.get("type", ()) if is_whole or one != "null"]
    if "number" in types and "integer" in types:
        types.remove("integer")
    if types or "type" in words:
        return types
    if flat.members or not _OBJECT_WORDS.isdisjoint(words):
        return ["object"]
    if not _ARRAY_WORDS.isdisjoint(words):
        return ["array"]
    if not _TEXT_WORDS.isdisjoint(words):
        return ["string"]
    return ["number"] if not _NUMBER_WORDS.isdisjoint(words) else []


def _common_types(one: list[str] | None, other: list[str]) -> list[str]:
    if one is None:
        return other
    common = [each for each in one if each in other]
    if "integer" not in common and "integer" in (*one, *other) and {"number", "integer"} <= {*one, *other}:
        common.append("integer")
    return common


def _common_options(one: list[Any] | None, other: list[Any]) -> list[Any]:
    texts = {write_compact(value) for value in other}
    return other if one is None else [value for value in one if write_compact(value) in texts]
