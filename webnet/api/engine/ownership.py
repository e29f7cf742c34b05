"""Which plugin defines which element of the full schema; elements without an owner are the host's."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    print_directive,
    print_type,
)

from webnet.api.vocabulary.enums import TypeKind

FieldKey = tuple[str, str]
Composite = (GraphQLObjectType, GraphQLInterfaceType)


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """The plugins that define types, by name, and fields, by (type, field)."""

    types: Mapping[str, str]
    fields: Mapping[FieldKey, str]

    @cached_property
    def plugins(self) -> frozenset[str]:
        return frozenset({*self.types.values(), *self.fields.values()})


def find_owners(
    schema: GraphQLSchema, *, fields: Mapping[FieldKey, str], types: Mapping[str, Iterable[str]]
) -> Ownership:
    """Attribute each type to the first that refers to it: the host, then the plugins in the order of `types`.

    `fields` are those that plugins add, and `types` are the names of the types that each plugin lists explicitly.
    """
    listed = {name for names in types.values() for name in names}
    seen = _reach(schema, (name for name in _starts(schema) if name not in listed), set(), {None}, fields)
    owners: dict[str, str] = {}
    allowed: set[str | None] = {None}
    for plugin, names in types.items():
        allowed.add(plugin)
        starts = {*names, *_mentioned_by(schema, (key for key, owner in fields.items() if owner == plugin))}
        reached = _reach(schema, starts, seen, allowed, fields)
        owners.update(dict.fromkeys(reached - seen, plugin))
        seen |= reached
    return Ownership(types=owners, fields=dict(fields))


def mentions(kind: GraphQLNamedType) -> Iterator[tuple[str | None, str]]:
    """The types that a type refers to, as (field, or None for the type as a whole; name of the type)."""
    if isinstance(kind, Composite):
        yield from _mentions_in_fields(kind)
        yield from ((None, interface.name) for interface in kind.interfaces)
    elif isinstance(kind, GraphQLUnionType):
        for member in kind.types:
            yield None, member.name
    elif isinstance(kind, GraphQLInputObjectType):
        for name, input_field in kind.fields.items():
            yield name, get_named_type(input_field.type).name


def _mentions_in_fields(kind: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[tuple[str, str]]:
    for name, field in kind.fields.items():
        for mentioned in _mentions_in_field(field):
            yield name, mentioned


def _mentions_in_field(field: GraphQLField) -> Iterator[str]:
    for mentioned in (field.type, *(argument.type for argument in field.args.values())):
        yield get_named_type(mentioned).name


def is_built_in(kind: GraphQLNamedType) -> bool:
    """Whether the type is an introspection type or a built-in scalar."""
    return is_introspection_type(kind) or is_specified_scalar_type(kind)


def _starts(schema: GraphQLSchema) -> Iterator[str]:
    """The root types, and types that no other type refers to, such as the implementations of an interface."""
    mentioned = {name for kind in schema.type_map.values() for _, name in mentions(kind)}
    roots = {root.name for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root}
    for name in schema.type_map:
        if name in roots or name not in mentioned:
            yield name


def _mentioned_by(schema: GraphQLSchema, keys: Iterable[FieldKey]) -> Iterator[str]:
    # Each is looked up by its name: the root types have fields of every plugin.
    for type_name, field_name in keys:
        kind = schema.type_map.get(type_name)
        if isinstance(kind, Composite) and field_name in kind.fields:
            yield from _mentions_in_field(kind.fields[field_name])
        elif isinstance(kind, GraphQLInputObjectType) and field_name in kind.fields:
            yield get_named_type(kind.fields[field_name].type).name


def _reach(
    schema: GraphQLSchema,
    starts: Iterable[str],
    seen: set[str],
    allowed: set[str | None],
    fields: Mapping[FieldKey, str],
) -> set[str]:
    """The types that are reachable from the start, through fields of these owners only."""
    reached: set[str] = set()
    stack = [name for name in starts if name not in seen]
    while stack:
        name = stack.pop()
        if name in reached or is_built_in(schema.type_map[name]):
            continue
        reached.add(name)
        for field, mentioned in mentions(schema.type_map[name]):
            if mentioned not in seen and (field is None or fields.get((name, field)) in allowed):
                stack.append(mentioned)
    return reached


FINGERPRINT_LENGTH = 16  # In hexadecimal digits: 64 bits.


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What one plugin adds to a schema: types, each with its kind, and fields of others' types; both sorted.

    The fields are schema coordinates (GraphQL specification, section 3.13), such as `Query.sites`; those of the
    plugin's own types come with the types.
    """

    types: tuple[tuple[str, TypeKind], ...] = ()
    fields: tuple[str, ...] = ()


class SchemaParts:
    """What the host (None) and each plugin contribute to the full schema: digests of it, and its names."""

    def __init__(self, schema: GraphQLSchema, owners: Ownership) -> None:
        self._schema = schema
        self._owners = owners

    def fingerprint(self, *, without: Collection[str | None]) -> str:
        """The fingerprint of the schema without the parts of these plugins."""
        shown = [(owner or "", digest) for owner, digest in self._digests.items() if owner not in without]
        return hashlib.sha256(json.dumps(sorted(shown)).encode()).hexdigest()[:FINGERPRINT_LENGTH]

    def list_additions(self, schema: GraphQLSchema) -> Mapping[str, Additions]:
        """What each plugin adds to this schema, which is the full one or derived from it.

        Of what a plugin owns, a derived schema may lack more than what belongs to hidden plugins: whatever refers to
        their types is gone with them.
        """
        types: defaultdict[str, list[tuple[str, TypeKind]]] = defaultdict(list)
        fields: defaultdict[str, list[str]] = defaultdict(list)
        for name, plugin in sorted(self._owners.types.items()):
            if name in schema.type_map:
                types[plugin].append((name, _find_kind(schema.type_map[name])))
        for (type_name, field_name), plugin in sorted(self._owners.fields.items()):
            kind: Any = schema.type_map.get(type_name)
            if kind is not None and field_name in kind.fields and self._owners.types.get(type_name) != plugin:
                fields[plugin].append(f"{type_name}.{field_name}")
        return {
            plugin: Additions(types=tuple(types.get(plugin, ())), fields=tuple(fields.get(plugin, ())))
            for plugin in types.keys() | fields.keys()
        }

    @cached_property
    def exports(self) -> Mapping[str, str]:
        """What each plugin contributes, as SDL: its types, and its fields of other types as extensions of those."""
        definitions: defaultdict[str, list[str]] = defaultdict(list)
        for name, kind in sorted(self._schema.type_map.items()):
            added: defaultdict[str, dict[str, GraphQLField]] = defaultdict(dict)
            for owner, part in self._split(kind):
                if owner is not None and owner == self._owners.types.get(name):
                    definitions[owner].append(print_type(part))
                elif owner is not None:
                    added[owner].update(getattr(part, "fields", {}))
            for owner, fields in added.items():
                whole: Any = type(kind)
                definitions[owner].append(f"extend {print_type(whole(name=name, fields=fields))}")
        return {owner: "\n\n".join(parts) + "\n" for owner, parts in definitions.items()}

    @cached_property
    def _digests(self) -> Mapping[str | None, str]:
        texts: defaultdict[str | None, list[str]] = defaultdict(list)
        texts[None].extend(print_directive(directive) for directive in self._schema.directives)
        for _, kind in sorted(self._schema.type_map.items()):
            for owner, part in self._split(kind):
                texts[owner].append(print_type(part))
        return {owner: hashlib.sha256("\n".join(parts).encode()).hexdigest() for owner, parts in texts.items()}

    def _split(self, kind: GraphQLNamedType) -> Iterator[tuple[str | None, GraphQLNamedType]]:
        """The type without the fields that others add, and a type for each of those fields, with their owners."""
        if is_built_in(kind):
            return
        owner = self._owners.types.get(kind.name)
        if not isinstance(kind, Composite):
            yield owner, kind
            return
        added = {name: plugin for name in kind.fields if (plugin := self._owners.fields.get((kind.name, name)))}
        if not added:
            yield owner, kind
            return
        own = {name: field for name, field in kind.fields.items() if name not in added}
        whole: Any = type(kind)
        yield owner, whole(**{**kind.to_kwargs(), "fields": own})
        for name, plugin in added.items():
            yield plugin, whole(name=kind.name, fields={name: kind.fields[name]})


KINDS: Mapping[type[GraphQLNamedType], TypeKind] = {
    GraphQLScalarType: TypeKind.SCALAR,
    GraphQLObjectType: TypeKind.OBJECT,
    GraphQLInterfaceType: TypeKind.INTERFACE,
    GraphQLUnionType: TypeKind.UNION,
    GraphQLEnumType: TypeKind.ENUM,
    GraphQLInputObjectType: TypeKind.INPUT_OBJECT,
}


def _find_kind(kind: GraphQLNamedType) -> TypeKind:
    # Strawberry has classes of its own for some kinds, which extend these.
    return next(found for of, found in KINDS.items() if isinstance(kind, of))
