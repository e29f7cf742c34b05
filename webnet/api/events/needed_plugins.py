"""Finds the plugins that a document needs: those that define a field or type in it."""

from __future__ import annotations

from typing import Any

from graphql import (
    Executor,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLNamedType,
    InlineFragmentNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from webnet.api.engine.current import current_schema


def find_plugins(executor: Executor[Any]) -> frozenset[str]:
    """The plugins that the operation and its fragments need."""
    types = TypeInfo(executor.schema)
    collector = _PluginCollector(types)
    for definition in (executor.operation, *(details.definition for details in executor.fragments.values())):
        visit(definition, TypeInfoVisitor(types, collector))
    return frozenset(collector.plugins)


class _PluginCollector(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.plugins: set[str] = set()
        self._types = types
        self._owners = current_schema().owners

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._types.get_parent_type()
        if parent is not None:
            self._add(self._owners.fields.get((parent.name, node.name.value)))
        self._add_type(self._types.get_type())

    def enter_inline_fragment(self, _node: InlineFragmentNode, *_: Any) -> None:
        self._add_type(self._types.get_type())

    def enter_fragment_definition(self, _node: FragmentDefinitionNode, *_: Any) -> None:
        self._add_type(self._types.get_type())

    def _add_type(self, kind: Any) -> None:
        named: GraphQLNamedType | None = get_named_type(kind) if kind is not None else None
        if named is not None:
            self._add(self._owners.types.get(named.name))

    def _add(self, plugin: str | None) -> None:
        if plugin is not None:
            self.plugins.add(plugin)
