"""Finds what plugins bring to documents outside of their `@ifPlugin`, and names in `@ifPlugin` that don't exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

from graphql import (
    DefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    get_named_type,
    is_composite_type,
)

from webnet.api.engine.ownership import Ownership
from webnet.api.superset.faults import DocumentFault, FaultCode, locate
from webnet.api.vocabulary.directives import IF_PLUGIN

Guards: TypeAlias = frozenset[str]
UNGUARDED: Guards = frozenset()


@dataclass(frozen=True, kw_only=True)
class InstalledPlugins:
    """The plugins of this process: all that each needs, directly or not, by its name; and why others are not loaded."""

    needs: Mapping[str, frozenset[str]]
    not_loaded: Mapping[str, str]

    def reach(self, plugin: str) -> Guards:
        """The plugin and all that are effective wherever it is, since it needs them."""
        return self.needs.get(plugin, UNGUARDED) | {plugin}

    def without_needs(self, plugins: Guards) -> Guards:
        """Of these plugins, those that no other of them needs."""
        return plugins - UNGUARDED.union(*(self.needs.get(each, UNGUARDED) for each in plugins))


@dataclass(frozen=True, kw_only=True)
class _Element:
    """Something that a plugin brings, and the plugins without which its part of the document is not there."""

    node: Node
    owner: str
    code: FaultCode
    what: str
    guards: Guards


@dataclass(frozen=True, kw_only=True)
class _Spread:
    node: FragmentSpreadNode
    guards: Guards


@dataclass(frozen=True, kw_only=True)
class _DocumentPart:
    """An operation or a fragment: what plugins bring to it, and where it spreads others."""

    elements: list[_Element] = field(default_factory=list)
    spreads: list[_Spread] = field(default_factory=list)


def find_names(node: Any) -> Iterator[ValueNode]:
    """The names in the `@ifPlugin` of a field, a fragment or a spread."""
    for directive in node.directives or ():
        if directive.name.value == IF_PLUGIN:
            yield from (each.value for each in directive.arguments or () if each.name.value == "name")


def find_plugin_faults(
    schema: GraphQLSchema, definitions: Iterable[DefinitionNode], *, owners: Ownership, plugins: InstalledPlugins
) -> list[DocumentFault]:
    """The faults of these operations and fragments.

    `schema` is the superset. What isn't in it is not a fault here: validation finds that.
    """
    finder = _PartFinder(schema, owners, plugins)
    operations: list[_DocumentPart] = []
    fragments: dict[str, _DocumentPart] = {}
    for definition in definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations.append(finder.find_in_operation(definition))
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = finder.find_in_fragment(definition)
    return [*finder.faults, *_find_unguarded(operations, fragments)]


def _find_unguarded(
    operations: Sequence[_DocumentPart], fragments: Mapping[str, _DocumentPart]
) -> Iterator[DocumentFault]:
    for part in operations:
        yield from (_describe(each) for each in part.elements if each.owner not in each.guards)
    everywhere, spread_at = _find_guards_of_fragments(operations, fragments)
    # A fragment that no operation has is not executed for anybody; validation says that it is unused.
    for name, guards in everywhere.items():
        for each in fragments[name].elements:
            if each.owner not in each.guards | guards:
                spread = next((s for s, without in spread_at[name] if each.owner not in without), None)
                yield _describe(each, spread)


def _find_guards_of_fragments(
    operations: Sequence[_DocumentPart], fragments: Mapping[str, _DocumentPart]
) -> tuple[dict[str, Guards], dict[str, list[tuple[FragmentSpreadNode, Guards]]]]:
    """The guards that each fragment is under wherever it is spread; and its spreads, each with its own."""
    everywhere: dict[str, Guards] = {}
    waiting: list[tuple[_DocumentPart, Guards]] = [(part, UNGUARDED) for part in operations]
    spread_at: defaultdict[str, list[tuple[FragmentSpreadNode, Guards]]] = defaultdict(list)
    while waiting:
        part, outside = waiting.pop()
        for spread in part.spreads:
            name = spread.node.name.value
            if name not in fragments:
                continue
            guards = spread.guards | outside
            spread_at[name].append((spread.node, guards))
            known = everywhere.get(name)
            narrowed = guards if known is None else known & guards
            # Guards only ever become fewer, so this ends, even for fragments in a circle.
            if narrowed != known:
                everywhere[name] = narrowed
                waiting.append((fragments[name], narrowed))
    return everywhere, spread_at


def _describe(element: _Element, spread: FragmentSpreadNode | None = None) -> DocumentFault:
    owner = element.owner
    guard = f'@{IF_PLUGIN}(name: "{owner}")'
    message = f"{element.what} exists only with the plugin '{owner}': put it under {guard}."
    if spread is not None:
        message = f"{message[:-1]}, or '...{spread.name.value}' at {locate(spread)}."
    return DocumentFault.at(element.node, code=element.code, message=message)


class _PartFinder:
    """Walks through definitions; `faults` are those of the directives that it meets."""

    def __init__(self, schema: GraphQLSchema, owners: Ownership, plugins: InstalledPlugins) -> None:
        self.faults: list[DocumentFault] = []
        self._schema = schema
        self._owners = owners
        self._plugins = plugins
        self._part = _DocumentPart()

    def find_in_operation(self, operation: OperationDefinitionNode) -> _DocumentPart:
        self._part = _DocumentPart()
        root = self._schema.get_root_type(operation.operation)
        self._walk(operation.selection_set, root, self._read_guards(operation))
        return self._part

    def find_in_fragment(self, fragment: FragmentDefinitionNode) -> _DocumentPart:
        self._part = _DocumentPart()
        self._enter_type(fragment.type_condition, fragment.selection_set, self._read_guards(fragment))
        return self._part

    def _walk(self, selected: SelectionSetNode | None, parent: GraphQLNamedType | None, guards: Guards) -> None:
        for each in selected.selections if selected is not None else ():
            inside = guards | self._read_guards(each)
            if isinstance(each, FieldNode):
                self._enter_field(each, parent, inside)
            elif isinstance(each, FragmentSpreadNode):
                self._part.spreads.append(_Spread(node=each, guards=inside))
            elif isinstance(each, InlineFragmentNode) and each.type_condition is not None:
                self._enter_type(each.type_condition, each.selection_set, inside)
            elif isinstance(each, InlineFragmentNode):
                self._walk(each.selection_set, parent, inside)

    def _enter_field(self, node: FieldNode, parent: GraphQLNamedType | None, guards: Guards) -> None:
        definition = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        if definition is None or parent is None:
            return
        name = node.name.value
        owner = self._owners.fields.get((parent.name, name)) or self._owners.types.get(parent.name)
        what = f"The field '{parent.name}.{name}'"
        inside = self._enter(node, owner, guards, code=FaultCode.UNGUARDED_PLUGIN_FIELD, what=what)
        for argument in node.arguments or ():
            if argument.name.value in definition.args:
                self._enter_value(argument.value, definition.args[argument.name.value].type, inside)
        self._walk(node.selection_set, get_named_type(definition.type), inside)

    def _enter_type(self, condition: NamedTypeNode, selected: SelectionSetNode, guards: Guards) -> None:
        name = condition.name.value
        what = f"The type '{name}'"
        inside = self._enter(
            condition, self._owners.types.get(name), guards, code=FaultCode.UNGUARDED_PLUGIN_TYPE, what=what
        )
        self._walk(selected, self._schema.get_type(name), inside)

    def _enter_value(self, value: ValueNode, kind: Any, guards: Guards) -> None:
        """Input fields that plugins add to others' inputs.

        Arguments, enum values and types of variables need no look of their own: a plugin can't add one to a field that
        it doesn't bring, so each of its own is within such a field.
        """
        named = get_named_type(kind)
        if isinstance(value, ListValueNode):
            for item in value.values:
                self._enter_value(item, kind, guards)
        elif isinstance(value, ObjectValueNode) and isinstance(named, GraphQLInputObjectType):
            for each in value.fields:
                name = each.name.value
                owner, what = self._owners.fields.get((named.name, name)), f"The input field '{named.name}.{name}'"
                inside = self._enter(each, owner, guards, code=FaultCode.UNGUARDED_PLUGIN_FIELD, what=what)
                if name in named.fields:
                    self._enter_value(each.value, named.fields[name].type, inside)

    def _enter(self, node: Node, owner: str | None, guards: Guards, *, code: FaultCode, what: str) -> Guards:
        """Note what a plugin brings; what is inside counts as guarded, so that one fault is reported once."""
        if owner is None:
            return guards
        self._part.elements.append(_Element(node=node, owner=owner, code=code, what=what, guards=guards))
        return guards | self._plugins.reach(owner)

    def _read_guards(self, node: Any) -> Guards:
        return UNGUARDED.union(*map(self._read_name, find_names(node)))

    def _read_name(self, value: ValueNode) -> Guards:
        if not isinstance(value, StringValueNode):
            message = f'The name in @{IF_PLUGIN} is a literal, such as "site_map": it decides what is read at all.'
            self.faults.append(DocumentFault.at(value, code=FaultCode.PLUGIN_NAME_NOT_LITERAL, message=message))
            return UNGUARDED
        if value.value in self._plugins.needs:
            return self._plugins.reach(value.value)
        meant = next(iter(get_close_matches(value.value, self._plugins.needs, n=1)), "")
        message = self._describe_unknown(value.value, meant)
        self.faults.append(DocumentFault.at(value, code=FaultCode.UNKNOWN_PLUGIN, message=message))
        # What is inside counts as guarded by the one that was meant: a typo is one fault.
        return self._plugins.reach(meant) if meant else UNGUARDED

    def _describe_unknown(self, name: str, meant: str) -> str:
        if name in self._plugins.not_loaded:
            return f"The plugin '{name}' is installed but not loaded: {self._plugins.not_loaded[name]}"
        return f"There is no plugin '{name}' here." + (f" Did you mean '{meant}'?" if meant else "")
