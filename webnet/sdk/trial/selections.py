"""Makes selections that ask for as much of a type as one document may."""

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

# Of types of the host, these say whose an answer is; the rest is not the plugin's.
TELLING = ("slug", "username")


class Selector:
    """Writes selections over one schema; `owners` are the plugins that bring its types."""

    def __init__(self, schema: GraphQLSchema, owners: Mapping[str, str]) -> None:
        self._schema, self._owners = schema, owners

    def select(self, kind: GraphQLNamedType, *, depth: int) -> str:
        """Every field that needs no argument, so many levels deep; no type is entered twice on one way."""
        return self._select(kind, depth, ())

    def _select(self, kind: GraphQLNamedType, depth: int, passed: tuple[str, ...]) -> str:
        if is_leaf_type(kind):
            return ""
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            return f"{{ {' '.join(['__typename', *self._members(kind, depth, passed)])} }}"
        chosen = ["__typename", *self._fields(kind, depth, passed, set())]
        return f"{{ {' '.join(chosen)} }}"

    def _members(
        self, kind: GraphQLUnionType | GraphQLInterfaceType, depth: int, passed: tuple[str, ...]
    ) -> Iterator[str]:
        """A part for each type it may be; names that mean different things in two of them are taken once."""
        used: set[str] = set()
        for member in self._schema.get_possible_types(kind):
            fields = list(self._fields(member, depth, passed, used)) if member.name in self._owners else []
            if fields:
                yield f"... on {member.name} {{ {' '.join(fields)} }}"

    def _fields(self, kind: GraphQLNamedType, depth: int, passed: tuple[str, ...], used: set[str]) -> Iterator[str]:
        if not isinstance(kind, GraphQLObjectType):
            return
        is_hosts = kind.name not in self._owners and kind.name != "PageInfo"
        for name, field in kind.fields.items():
            if name in used or (is_hosts and name not in TELLING):
                continue
            written = self._field(name, field, depth, (*passed, kind.name))
            if written:
                used.add(name)
                yield written

    def _field(self, name: str, field: GraphQLField, depth: int, passed: tuple[str, ...]) -> str:
        kind = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            return ""
        if is_leaf_type(kind):
            return name
        if depth <= 0 or kind.name in passed:
            return ""
        return f"{name} {self._select(kind, depth - 1, passed)}"
