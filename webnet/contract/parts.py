"""What has changed in one plugin's part of the schema: SDL that refers to types of others and extends some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLSchema,
    InputObjectTypeExtensionNode,
    InterfaceTypeExtensionNode,
    NamedTypeNode,
    Node,
    ObjectTypeExtensionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    Visitor,
    build_ast_schema,
    parse,
    print_ast,
    specified_scalar_types,
    visit,
)

from webnet.contract.changes import SchemaChange, find_changes

# What stands in for a type of somebody else: only its name and its kind matter, and a scalar may be used anywhere.
STUBS = {
    "type": "type {name} {{ stub: Boolean }}",
    "interface": "interface {name} {{ stub: Boolean }}",
    "input": "input {name} {{ stub: Boolean }}",
    "scalar": "scalar {name}",
}
EXTENDED = {
    ObjectTypeExtensionNode: "type",
    InterfaceTypeExtensionNode: "interface",
    InputObjectTypeExtensionNode: "input",
}


def find_part_changes(former: str, current: str) -> tuple[SchemaChange, ...]:
    """All changes from one SDL of a plugin's part to the other; types of others count as unchanged."""
    before, now = _Part(former), _Part(current)
    kinds = _merge(before.mentioned, now.mentioned)
    return find_changes(before.build(kinds, now), now.build(kinds, before))


def strip_descriptions(sdl: str) -> str:
    """The same SDL without its descriptions, which are most of it."""
    return print_ast(visit(parse(sdl), _WithoutDescriptions())) + "\n" if sdl.strip() else ""


def build_part(sdl: str) -> GraphQLSchema:
    """The part as a schema, in which types of others have a field `stub`."""
    part = _Part(sdl)
    return part.build(part.mentioned, part)


class _Part:
    """A parsed part: its definitions, the types that it defines, and the kinds of those that it mentions."""

    def __init__(self, sdl: str) -> None:
        self.definitions: tuple[DefinitionNode, ...] = parse(sdl).definitions if sdl.strip() else ()
        self.types: dict[str, DefinitionNode] = {
            each.name.value: each for each in self.definitions if isinstance(each, TypeDefinitionNode)
        }
        self.mentioned: dict[str, str] = {}
        for definition in self.definitions:
            self.mentioned = _merge(self.mentioned, _find_mentioned(definition))

    def build(self, kinds: Mapping[str, str], other: _Part) -> GraphQLSchema:
        """The schema of this part: what it only mentions is as in the other part, or a stub of its kind."""
        taken: dict[str, DefinitionNode] = {}
        names = [name for name in self.mentioned if name not in self.types]
        while names:
            name = names.pop()
            if name in other.types and name not in {*self.types, *taken}:
                taken[name] = other.types[name]
                names += _find_mentioned(other.types[name])
        own = {*self.types, *taken}
        # A type that only the other part mentions has a stub here too, or it would count as added or removed.
        missing = [name for name in kinds if name not in own and name not in other.types]
        stubs = [definition for name in missing for definition in _make_stub(name, kinds[name])]
        document = DocumentNode(definitions=(*self.definitions, *taken.values(), *stubs))
        return build_ast_schema(document, assume_valid=True)


def _make_stub(name: str, kind: str) -> tuple[DefinitionNode, ...]:
    return parse(STUBS[kind].format(name=name)).definitions


def _find_mentioned(definition: DefinitionNode) -> dict[str, str]:
    """The kinds of the types that a definition mentions, as far as it shows them, by name."""
    kinds = dict.fromkeys(_find_names(definition) - specified_scalar_types.keys(), "scalar")
    if isinstance(definition, UnionTypeDefinitionNode):
        kinds |= {member.name.value: "type" for member in definition.types or ()}
    kinds |= {each.name.value: "interface" for each in getattr(definition, "interfaces", None) or ()}
    if type(definition) in EXTENDED:
        extended: Any = definition
        kinds[extended.name.value] = EXTENDED[type(definition)]
    return kinds


def _merge(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Both; a kind that one of them shows is better than the scalar that stands for an unknown one."""
    return {**first, **{name: kind for name, kind in second.items() if kind != "scalar" or name not in first}}


def _find_names(definition: Node) -> set[str]:
    names = _Names()
    visit(definition, names)
    return names.found


class _WithoutDescriptions(Visitor):
    def enter(self, node: Any, *_: Any) -> Any:
        if getattr(node, "description", None) is None:
            return None
        return replace(node, description=None)


class _Names(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
        self.found.add(node.name.value)
