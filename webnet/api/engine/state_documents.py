"""Finds the operations whose answers depend on the plugins' state alone; every field of them must be declared so."""

from __future__ import annotations

from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_operation_ast,
)

from webnet.api.declarations.state_reads import STATE_READ, StateRead
from webnet.api.engine.cost import SameDocument
from webnet.api.strawberry_internals import strawberry_field

# A filter may look for what is not part of the state, such as the health.
FILTER = "filter"


def find_state_read(schema: GraphQLSchema, same: SameDocument, operation_name: str | None) -> StateRead | None:
    """Where the answer of this valid operation depends on the plugins' state alone; None if it does nowhere."""
    operation = get_operation_ast(same.document, operation_name)
    if operation is None or operation.operation is not OperationType.QUERY or schema.query_type is None:
        return None
    return _Search(schema, same).of(operation.selection_set, schema.query_type)


class _Search:
    """Looks at the selections of one document, at each fragment only once."""

    def __init__(self, schema: GraphQLSchema, same: SameDocument) -> None:
        self._schema = schema
        definitions = same.document.definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._known: dict[str, StateRead | None] = {}

    def of(self, selections: SelectionSetNode, kind: Any) -> StateRead | None:
        found = StateRead.ANYWHERE
        for node in selections.selections:
            part = self._of_field(node, kind) if isinstance(node, FieldNode) else self._of_fragment(node, kind)
            if part is None:
                return None
            found = part if part is StateRead.IN_VIEW else found
        return found

    def _of_field(self, node: FieldNode, kind: Any) -> StateRead | None:
        name = node.name.value
        if name == "__typename":
            return StateRead.ANYWHERE
        field = kind.fields.get(name) if isinstance(kind, GraphQLObjectType) else None
        described: Any = strawberry_field(field) if field is not None else None
        if field is None or described is None or any(each.name.value == FILTER for each in node.arguments or ()):
            return None
        own: StateRead | None = described.metadata.get(STATE_READ)
        if own is None:
            # What a value holds depends on what the value depends on, and that is decided by the field above it.
            is_held = described.is_basic_field and not field.args and kind is not self._schema.query_type
            own = StateRead.ANYWHERE if is_held else None
        if own is None or node.selection_set is None:
            return own
        below = self.of(node.selection_set, get_named_type(field.type))
        return StateRead.IN_VIEW if below is not None and StateRead.IN_VIEW in (own, below) else below

    def _of_fragment(self, node: Any, kind: Any) -> StateRead | None:
        if not isinstance(node, FragmentSpreadNode):
            condition = node.type_condition.name.value if node.type_condition else kind.name
            return self.of(node.selection_set, self._schema.type_map[condition])
        name = node.name.value
        if name not in self._known:
            self._known[name] = None  # Found by a cycle, which the rules of documents reject.
            fragment = self._fragments[name]
            self._known[name] = self.of(
                fragment.selection_set, self._schema.type_map[fragment.type_condition.name.value]
            )
        return self._known[name]
