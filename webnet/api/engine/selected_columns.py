"""Which columns of a type's rows a document asks for, wherever that is, so that others are not read."""

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

from webnet.api.declarations.row_columns import columns_of_fields
from webnet.api.engine.cost import SameDocument


def find_selected_columns(schema: GraphQLSchema, same: SameDocument, type_name: str) -> frozenset[str] | None:
    """Those that the type's fields read in any part of a valid document, also by its interfaces; None means all."""
    return columns_of_fields(schema.type_map[type_name], find_selected_names(schema, same, type_name))


def find_selected_names(schema: GraphQLSchema, same: SameDocument, type_name: str) -> set[str]:
    """The names of the type's fields in all operations and fragments of a valid document."""
    kind: Any = schema.type_map[type_name]
    search = _FieldNames(schema, {type_name, *(each.name for each in kind.interfaces)})
    for each in same.document.definitions:
        if isinstance(each, OperationDefinitionNode):
            search.walk(each.selection_set, schema.get_root_type(each.operation))
        elif isinstance(each, FragmentDefinitionNode):
            search.walk(each.selection_set, schema.type_map[each.type_condition.name.value])
    return search.names


class _FieldNames:
    def __init__(self, schema: GraphQLSchema, types: set[str]) -> None:
        self.names: set[str] = set()
        self._schema = schema
        self._types = types

    def walk(self, selected: SelectionSetNode | None, kind: Any) -> None:
        """Note the names in a selection of this type, and below it; each fragment is walked where it is defined."""
        for each in selected.selections if selected is not None else ():
            if isinstance(each, FieldNode):
                if kind.name in self._types:
                    self.names.add(each.name.value)
                # Fields of every type, such as `__schema`, lead to no rows.
                field = getattr(kind, "fields", {}).get(each.name.value)
                if field is not None:
                    self.walk(each.selection_set, get_named_type(field.type))
            elif not isinstance(each, FragmentSpreadNode):
                inline: Any = each
                condition = inline.type_condition
                self.walk(
                    inline.selection_set,
                    kind if condition is None else self._schema.type_map[condition.name.value],
                )
