"""A plugin's settings schema (JSON Schema, draft 2020-12): defaults, validation, and who may see and set what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from webnet.errors import SettingsIssue
from webnet.plugins.schema.client_schema import make_client_schema
from webnet.plugins.schema.defaults import collect_defaults
from webnet.plugins.schema.definition_errors import (
    find_translations,
    is_platform_only,
    is_secret,
    read_schema,
)
from webnet.plugins.schema.merge_patch import (
    change_secrets,
    copy_json,
    find_excess,
    join_secrets,
    merge_layers,
    merge_patch,
    share_layers,
    sources,
    split_secrets,
)
from webnet.plugins.schema.messages import describe_errors
from webnet.plugins.schema.validator import TooManySteps, as_integer, bounded_steps, make_validator
from webnet.plugins.schema.walk import (
    MISSING,
    Schema,
    descend,
    expand,
    find_schemas_above,
    join_pointer,
    list_types,
    pointer_get,
    pointer_set,
    split_pointer,
    walk_along,
    walk_leaves,
    walk_places,
)
from webnet.sentences import sentence
from webnet.values import storable_values

__all__ = [
    "TOO_COSTLY",
    "SettingsSchema",
    "bounded_steps",
    "change_secrets",
    "find_excess",
    "find_unstorable",
    "join_secrets",
    "merge_layers",
    "merge_patch",
    "pointer_get",
    "pointer_set",
    "share_layers",
    "sources",
    "split_secrets",
]

# Nobody reads more of them, and each takes a while to describe.
MAXIMUM_ISSUES = 100
TOO_COSTLY = (SettingsIssue(path="", message=sentence("take too long to check: send fewer or shorter values")),)


def find_unstorable(value: Any) -> Iterator[SettingsIssue]:
    """Issues for values that JSON or Python allow, but the databases or the API can't represent."""
    for place, message in storable_values.find_unstorable(value):
        yield SettingsIssue(path=join_pointer(place), message=message)


class SettingsSchema:
    """A valid settings schema; raises PluginDefinitionError, with the problem and its place, for any other.

    References can only point into the schema itself: nothing is ever fetched.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema: dict[str, Any] = read_schema(schema)
        self._translations = tuple(find_translations(self.schema, schema))
        self._defaults: dict[str, Any] = collect_defaults(self.schema)
        self._validator = make_validator(self.schema)
        # Each lookup walks the schema, and requests ask for the same pointers again and again.
        self._find = lru_cache(maxsize=1024)(self._is_marked)
        # A few languages, each as two kinds of viewers see them.
        self._make_for_clients = lru_cache(maxsize=16)(self._for_clients)
        self._above: dict[Callable[[Schema], bool], frozenset[int]] = {}

    def __repr__(self) -> str:
        return f"SettingsSchema({', '.join(self.schema.get('properties', {}))})"

    def defaults(self) -> dict[str, Any]:
        """The lowest layer: all defaults, at every depth."""
        copied: dict[str, Any] = copy_json(self._defaults)
        return copied

    @property
    def shared_defaults(self) -> Mapping[str, Any]:
        """The same without a copy: to be read, and not changed or given away."""
        return self._defaults

    def validate(self, merged: Mapping[str, Any]) -> tuple[SettingsIssue, ...]:
        """The first errors in the merged settings, by path; empty if they are valid, TOO_COSTLY if nobody knows."""
        if excess := find_excess(merged):
            return (excess,)
        unstorable = tuple(islice(find_unstorable(merged), MAXIMUM_ISSUES))
        if unstorable:
            return unstorable
        try:
            with bounded_steps():
                issues = set(islice(describe_errors(self._validator.iter_errors(merged)), MAXIMUM_ISSUES))
        except TooManySteps:
            return TOO_COSTLY
        return tuple(sorted(issues, key=lambda issue: (split_pointer(issue.path), issue.message)))

    def with_integers(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of the settings as a plugin reads them: 2.0 is 2 where the schema says `integer`."""
        copied: dict[str, Any] = self._with_integers(settings, ())
        return copied

    def secret_paths(self) -> tuple[str, ...]:
        """The pointers of all secrets, in the order of the schema; a segment `*` stands for any name.

        A recursive schema is followed once only, whereas `is_secret` works at every depth.
        """
        return self._list_marked(is_secret)

    def platform_only_paths(self) -> tuple[str, ...]:
        """The pointers of all settings that only the platform's layer may set, in the same way."""
        return self._list_marked(is_platform_only)

    def is_secret(self, pointer: str) -> bool:
        """Whether the value there is a secret, or part of one."""
        return self._find(pointer, is_secret)

    def platform_only(self, pointer: str) -> bool:
        """Whether the value there can only be set globally, and is hidden from customers."""
        return self._find(pointer, is_platform_only)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether any value may be a secret."""
        return _has_anywhere(self.schema, is_secret)

    @cached_property
    def has_platform_only(self) -> bool:
        """Whether any value may be one that is hidden from customers."""
        return _has_anywhere(self.schema, is_platform_only)

    def has_secrets_below(self, pointer: str) -> bool:
        """Whether there may be a secret below that place."""
        return self._has_below(pointer, is_secret)

    def find_platform_only(self, patch: Mapping[str, Any]) -> tuple[SettingsIssue, ...]:
        """An issue for each platform-only value that a customer's patch would change."""
        issues = []
        for segments, value in walk_leaves(patch):
            pointer = join_pointer(segments)
            # A value that is not an object replaces everything below it, platform-only values included.
            replaces = value is not None and value != {} and self._has_below(pointer, is_platform_only)
            if replaces or (value is not None and self.platform_only(pointer)):
                issues.append(SettingsIssue(path=pointer, message=sentence("can only be set for the whole platform")))
        return tuple(issues)

    def schema_for_customers(self) -> dict[str, Any]:
        """The schema without platform-only properties."""
        return prune_schema(self.schema)

    def for_clients(self, *, sees_platform_only: bool) -> Mapping[str, Any]:
        """The schema as the API serves it, with titles and descriptions in the language of this moment: see
        `make_client_schema`. To be read, and not changed.
        """
        return self._make_for_clients(sees_platform_only, tuple(str(text) for *_, text in self._translations))

    def _for_clients(self, sees_platform_only: bool, texts: tuple[str, ...]) -> dict[str, Any]:  # noqa: FBT001 - a key
        seen = self.schema if sees_platform_only else self.schema_for_customers()
        translated = deepcopy(seen) if texts else seen
        for (pointer, keyword, _), text in zip(self._translations, texts, strict=True):
            inner = pointer_get(translated, pointer)
            if inner is not MISSING:
                inner[keyword] = text
        return make_client_schema(translated, self.is_secret if self.has_secrets else None)

    def _with_integers(self, value: Any, segments: tuple[str, ...]) -> Any:
        if isinstance(value, Mapping):
            return {name: self._with_integers(member, (*segments, name)) for name, member in value.items()}
        if isinstance(value, list):
            return [self._with_integers(item, (*segments, str(index))) for index, item in enumerate(value)]
        if not isinstance(value, float) or not value.is_integer():
            return value
        *_, level = walk_along(self.schema, segments)
        return as_integer(value) if any("integer" in list_types(schema) for schema in level) else value

    def _is_marked(self, pointer: str, has_mark: Callable[[Schema], bool]) -> bool:
        """Whether a schema of the value itself, or of one that contains it, has the mark."""
        return any(has_mark(schema) for level in walk_along(self.schema, split_pointer(pointer)) for schema in level)

    def _list_marked(self, has_mark: Callable[[Schema], bool]) -> tuple[str, ...]:
        places = (place for place in walk_places(self.schema) if any(map(has_mark, place.schemas)))
        return tuple(dict.fromkeys(join_pointer(place.segments) for place in places))

    def _has_below(self, pointer: str, has_mark: Callable[[Schema], bool]) -> bool:
        if has_mark not in self._above:
            self._above[has_mark] = find_schemas_above(self.schema, has_mark)
        *_, level = walk_along(self.schema, split_pointer(pointer))
        return any(id(schema) in self._above[has_mark] for schema in level)


def _has_anywhere(part: Any, has_mark: Callable[[Schema], bool]) -> bool:
    """Whether any object in the schema has the mark, even one that is no subschema: a reference may lead to it."""
    if isinstance(part, dict):
        return has_mark(part) or any(_has_anywhere(inner, has_mark) for inner in part.values())
    return isinstance(part, list) and any(_has_anywhere(inner, has_mark) for inner in part)


# Keywords whose subschemas apply to the same value, and keywords that map names to schemas.
SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else", "not"})
MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
ANY_MEMBER = frozenset({"additionalProperties", "unevaluatedProperties"})


def prune_settings(settings: Mapping[str, Any], is_hidden: Callable[[str], bool]) -> dict[str, Any]:
    """The settings without the values at hidden pointers; those that stay are shared, and not copied."""
    return _prune_object(settings, is_hidden, ())


def prune_schema(schema: Schema) -> dict[str, Any]:
    """The schema without platform-only properties, and without what refers to them (`required`, `default`, ...)."""
    pruned: dict[str, Any] = _Pruner(schema).prune(schema, frozenset())
    return pruned


def _prune_object(value: Mapping[str, Any], is_hidden: Callable[[str], bool], place: tuple[str, ...]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, member in value.items():
        inner = (*place, name)
        if is_hidden(join_pointer(inner)):
            continue
        kept[name] = _prune_object(member, is_hidden, inner) if isinstance(member, Mapping) else member
    return kept


class _Pruner:
    """Prunes one schema, and finds out about each subschema once: thousands may refer to the same one."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._platform_only: dict[int, bool] = {}
        self._hidden: dict[int, frozenset[str]] = {}

    def prune(self, node: Any, above: frozenset[str]) -> Any:
        """Prune one subschema; `above` are the members that enclosing schemas hide in the value it applies to."""
        if isinstance(node, list):
            return [self.prune(item, above) for item in node]
        if not isinstance(node, Mapping):
            return node
        hidden = above | self._hidden_members(node)
        return {
            keyword: self._prune_keyword(node, keyword, hidden)
            for keyword in node
            if keyword not in ANY_MEMBER or not self._is_platform_only(node[keyword])
        }

    def _prune_keyword(self, node: Schema, keyword: str, hidden: frozenset[str]) -> Any:
        value = node[keyword]
        if keyword in SAME_VALUE:
            return self.prune(value, hidden)
        if keyword == "dependentSchemas":
            return {name: self.prune(inner, hidden) for name, inner in value.items() if name not in hidden}
        if keyword == "dependentRequired":
            return {name: _without(hidden, needed) for name, needed in value.items() if name not in hidden}
        if keyword == "required":
            return _without(hidden, value)
        if keyword in {"default", "const"}:
            return self._prune_value(expand(self._root, [node]), value)
        if keyword in {"enum", "examples"}:
            return [self._prune_value(expand(self._root, [node]), each) for each in value]
        if keyword in MAPS:
            return {
                name: self.prune(inner, frozenset())
                for name, inner in value.items()
                if not self._is_platform_only(inner)
            }
        return self.prune(value, frozenset())

    def _prune_value(self, schemas: tuple[Schema, ...], value: Any) -> Any:
        """A value in the schema itself, such as a default, without its platform-only members."""
        if not isinstance(value, Mapping):
            return value
        inner = {name: descend(self._root, schemas, name) for name in value}
        return {
            name: self._prune_value(inner[name], member)
            for name, member in value.items()
            if not any(is_platform_only(schema) for schema in inner[name])
        }

    def _hidden_members(self, node: Schema) -> frozenset[str]:
        """The names of platform-only members, according to all schemas that apply to the node's value."""
        return frozenset().union(*map(self._hidden_by, expand(self._root, [node])))

    def _hidden_by(self, schema: Schema) -> frozenset[str]:
        if id(schema) not in self._hidden:
            members = schema.get("properties", {}).items()
            self._hidden[id(schema)] = frozenset(name for name, inner in members if self._is_platform_only(inner))
        return self._hidden[id(schema)]

    def _is_platform_only(self, schema: Any) -> bool:
        if id(schema) not in self._platform_only:
            found = any(is_platform_only(each) for each in expand(self._root, [schema]))
            self._platform_only[id(schema)] = found
        return self._platform_only[id(schema)]


def _without(hidden: frozenset[str], names: Any) -> Any:
    return [name for name in names if name not in hidden]
