"""Which fields of a type a document asks for, wherever that is, so that what others need is not read."""

from __future__ import annotations

from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from webnet.api.engine.cost import SameDocument


def find_selected_names(schema: GraphQLSchema, same: SameDocument, type_name: str) -> frozenset[str]:
    """The names of the type's fields in all operations and fragments of a valid document, also by its interfaces."""
    kind: Any = schema.type_map[type_name]
    names: set[str] = set()
    search = _Search(schema, {type_name, *(each.name for each in kind.interfaces)}, names)
    for each in same.document.definitions:
        if isinstance(each, OperationDefinitionNode):
            search.walk(each.selection_set, schema.get_root_type(each.operation))
        elif isinstance(each, FragmentDefinitionNode):
            search.walk(each.selection_set, schema.type_map[each.type_condition.name.value])
    return frozenset(names)


class _Search:
    def __init__(self, schema: GraphQLSchema, types: set[str], names: set[str]) -> None:
        self._schema = schema
        self._types = types
        self._names = names

    def walk(self, selected: SelectionSetNode | None, kind: Any) -> None:
        """Note the names in a selection of this type, and below it; each fragment is walked where it is defined."""
        for each in selected.selections if selected is not None else ():
            if isinstance(each, FieldNode):
                if kind.name in self._types:
                    self._names.add(each.name.value)
                # Fields of every type, such as `__schema`, lead to no rows.
                field = getattr(kind, "fields", {}).get(each.name.value)
                if field is not None:
                    self.walk(each.selection_set, get_named_type(field.type))
            elif not isinstance(each, FragmentSpreadNode):
                condition = getattr(each, "type_condition", None)
                self.walk(
                    getattr(each, "selection_set", None),
                    kind if condition is None else self._schema.type_map[condition.name.value],
                )
