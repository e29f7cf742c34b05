"""Generates selections of as many fields of a type as a document may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

# Of webnet's own types only fields that identify a customer or user are selected; the rest is not the plugin's.
IDENTIFYING_FIELDS = ("slug", "username")


class Selector:
    """Generates selections for a schema; `owners` are the plugins that its types belong to."""

    def __init__(self, schema: GraphQLSchema, owners: Mapping[str, str]) -> None:
        self._schema, self._owners = schema, owners

    def select(self, kind: GraphQLNamedType, *, depth: int) -> str:
        """All fields without required arguments, up to this depth; a path never enters a type twice."""
        return self._select(kind, depth, ())

    def _select(self, kind: GraphQLNamedType, depth: int, entered: tuple[str, ...]) -> str:
        if is_leaf_type(kind):
            return ""
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            return f"{{ {' '.join(['__typename', *self._members(kind, depth, entered)])} }}"
        chosen = ["__typename", *self._fields(kind, depth, entered, set())]
        return f"{{ {' '.join(chosen)} }}"

    def _members(
        self, kind: GraphQLUnionType | GraphQLInterfaceType, depth: int, entered: tuple[str, ...]
    ) -> Iterator[str]:
        """A fragment for each possible type. Each field name is selected only once, since its types could differ."""
        used: set[str] = set()
        for member in self._schema.get_possible_types(kind):
            fields = list(self._fields(member, depth, entered, used)) if member.name in self._owners else []
            if fields:
                yield f"... on {member.name} {{ {' '.join(fields)} }}"

    def _fields(self, kind: GraphQLNamedType, depth: int, entered: tuple[str, ...], used: set[str]) -> Iterator[str]:
        if not isinstance(kind, GraphQLObjectType):
            return
        is_from_webnet = kind.name not in self._owners and kind.name != "PageInfo"
        for name, field in kind.fields.items():
            if name in used or (is_from_webnet and name not in IDENTIFYING_FIELDS):
                continue
            selection = self._field(name, field, depth, (*entered, kind.name))
            if selection:
                used.add(name)
                yield selection

    def _field(self, name: str, field: GraphQLField, depth: int, entered: tuple[str, ...]) -> str:
        kind = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            return ""
        if is_leaf_type(kind):
            return name
        if depth <= 0 or kind.name in entered:
            return ""
        return f"{name} {self._select(kind, depth - 1, entered)}"
