"""Derives a GraphQL schema without some fields and types, and without whatever depends on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from webnet.api.engine.ownership import Composite, FieldKey, is_built_in, mentions
from webnet.api.strawberry_internals import implementations_of, set_schema_types

Retyped = TypeVar("Retyped", GraphQLArgument, GraphQLInputField)


class SchemaIndex:
    """Which types refer to which in one schema; built once, for the many schemas that are derived from it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.mentioned_in: defaultdict[str, set[tuple[str, str | None]]] = defaultdict(set)
        self.field_counts: dict[str, int] = {}
        self.built_in = {name for name, kind in schema.type_map.items() if is_built_in(kind)}
        for name, kind in schema.type_map.items():
            if name not in self.built_in:
                self.field_counts[name] = len(getattr(kind, "fields", getattr(kind, "types", ())))
                for place, mentioned in mentions(kind):
                    self.mentioned_in[mentioned].add((name, place))

    def plan_removal(self, types: Iterable[str], fields: Iterable[FieldKey]) -> Removal:
        """These types and fields, and what goes with them: fields of a removed type, and types without fields."""
        removal = Removal()
        for name in types:
            self._remove_type(name, removal)
        for type_name, field_name in fields:
            self._remove_field(type_name, field_name, removal)
        return removal

    def _remove_type(self, name: str, removal: Removal) -> None:
        if name in removal.types:
            return
        removal.types.add(name)
        for place, field_name in self.mentioned_in[name]:
            if field_name is not None:
                self._remove_field(place, field_name, removal)
            elif isinstance(self.schema.type_map[place], GraphQLUnionType):
                self._remove_field(place, f"... on {name}", removal)

    def _remove_field(self, type_name: str, field_name: str, removal: Removal) -> None:
        gone = removal.fields[type_name]
        if field_name in gone or type_name not in self.field_counts:
            return
        gone.add(field_name)
        if len(gone) == self.field_counts[type_name]:
            self._remove_type(type_name, removal)

    def find_changed(self, removal: Removal) -> set[str]:
        """The types that lose something, and all that refer to one of those: they can't be shared with the original."""
        losing = {name for name, gone in removal.fields.items() if gone}
        losing |= {place for name in removal.types for place, field_name in self.mentioned_in[name]}
        changed: set[str] = set()
        stack = [name for name in losing if name not in removal.types]
        while stack:
            name = stack.pop()
            if name not in changed:
                changed.add(name)
                stack.extend(place for place, _ in self.mentioned_in[name] if place not in removal.types)
        return changed


@dataclass(frozen=True)
class Removal:
    """What is removed: types by name, and fields, or members of unions, by the name of their type."""

    types: set[str] = field(default_factory=set)
    fields: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, kw_only=True)
class LostParts:
    """What one schema has and another lacks: names of types, and coordinates such as `Query.sites` of other types'
    fields; both sorted.
    """

    types: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def list_lost(before: Removal, after: Removal) -> LostParts:
    """What is removed afterwards only, of the same full schema; fields of a type that is removed go without saying."""
    types = after.types - before.types
    fields = (
        f"{type_name}.{field_name}"
        for type_name, gone in after.fields.items()
        if type_name not in after.types
        for field_name in gone - before.fields.get(type_name, set())
        if not field_name.startswith("...")  # a member of a union
    )
    return LostParts(types=tuple(sorted(types)), fields=tuple(sorted(fields)))


class SchemaFilter:
    """Builds a schema without what is removed; types that do not change are shared with the original."""

    def __init__(self, index: SchemaIndex, removal: Removal) -> None:
        self._full = index.schema
        self._index = index
        self._removal = removal

    def build(self) -> GraphQLSchema:
        """Build the schema; it needs no validation, since it is a part of a valid one.

        `GraphQLSchema` would find its types by walking through all of them, which would create those that are built
        lazily. Here they are known, so they are set directly.
        """
        full = self._full
        # Has the introspection types and built-in scalars only.
        schema = GraphQLSchema(directives=full.directives, description=full.description, assume_valid=True)
        staying = {name: kind for name, kind in full.type_map.items() if name in schema.type_map or self._stays(name)}
        part = _DerivedTypes(staying, changed=self._index.find_changed(self._removal), gone=self._removal.fields)
        set_schema_types(
            schema,
            types=part.types,
            query=part.find(full.query_type),
            mutation=part.find(full.mutation_type),
            subscription=part.find(full.subscription_type),
            implementations={
                name: (part.find_all(implementing.objects), part.find_all(implementing.interfaces))
                for name, implementing in implementations_of(full).items()
                if name in part.types
            },
        )
        return schema

    def _stays(self, name: str) -> bool:
        return name not in self._removal.types and (name not in self._index.built_in or self._is_mentioned(name))

    def _is_mentioned(self, name: str) -> bool:
        """Whether anything that stays refers to this built-in type."""
        removal = self._removal
        return any(
            place not in removal.types and field_name not in removal.fields.get(place, ())
            for place, field_name in self._index.mentioned_in[name]
        )


class _DerivedTypes:
    """The types of one schema, of those that stay; the changed ones get their fields when somebody asks for them.

    They keep this for as long as the schema lives, so it has nothing but what they need: the removal is much larger.
    """

    def __init__(
        self, staying: dict[str, GraphQLNamedType], *, changed: set[str], gone: Mapping[str, Collection[str]]
    ) -> None:
        self.types = staying
        self._changed = frozenset(changed)
        self._gone = {name: frozenset(gone[name]) for name in changed if gone.get(name)}
        for name in changed:
            staying[name] = self._make(staying[name])

    def find(self, kind: GraphQLNamedType | None) -> Any:
        """This type of the original, as it is here; None if it does not stay."""
        return self.types.get(kind.name) if kind is not None else None

    def find_all(self, kinds: Iterable[GraphQLNamedType]) -> list[Any]:
        """Those that stay."""
        return [self.types[kind.name] for kind in kinds if kind.name in self.types]

    def _make(self, kind: GraphQLNamedType) -> GraphQLNamedType:
        values: dict[str, Any] = dict(kind.to_kwargs())
        if isinstance(kind, Composite):
            values["fields"] = lambda: self._fields(kind)
            values["interfaces"] = lambda: self.find_all(kind.interfaces)
        elif isinstance(kind, GraphQLUnionType):
            values["types"] = lambda: self.find_all(kind.types)
        elif isinstance(kind, GraphQLInputObjectType):
            values["fields"] = lambda: self._fields(kind)
        return type(kind)(**values)

    def _fields(self, kind: Any) -> dict[str, Any]:
        gone = self._gone.get(kind.name, ())
        return {name: self._field(each) for name, each in kind.fields.items() if name not in gone}

    def _field(self, each: GraphQLField | GraphQLInputField) -> GraphQLField | GraphQLInputField:
        if isinstance(each, GraphQLInputField):
            return self._retyped_copy(each)
        arguments = {name: self._retyped_copy(argument) for name, argument in each.args.items()}
        if self._is_same(each) and arguments == each.args:
            return each
        return GraphQLField(**{**each.to_kwargs(), "type_": self._retyped(each.type), "args": arguments})

    def _retyped_copy(self, each: Retyped) -> Retyped:
        if self._is_same(each):
            return each
        return type(each)(**{**each.to_kwargs(), "type_": self._retyped(each.type)})

    def _is_same(self, each: GraphQLField | GraphQLArgument | GraphQLInputField) -> bool:
        return get_named_type(each.type).name not in self._changed

    def _retyped(self, kind: Any) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return GraphQLNonNull(self._retyped(kind.of_type))
        if isinstance(kind, GraphQLList):
            return GraphQLList(self._retyped(kind.of_type))
        return self.types[kind.name]
