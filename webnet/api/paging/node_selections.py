"""Shows a connection's `nodes` as `edges { node }` to strawberry-django's optimizer, which knows no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    NameNode,
    SelectionNode,
    SelectionSetNode,
)

from webnet.api.strawberry_internals import with_field_nodes

EDGES, NODE, NODES = "edges", "node", "nodes"


def as_edges(info: GraphQLResolveInfo[Any]) -> GraphQLResolveInfo[Any]:
    """The same `info` of a connection if it selects no `nodes`; otherwise with `edges { node }` for each of them.

    Both together are then one selection, so that a relation that is selected in both is prefetched once.
    """
    if not any(name == NODES for node in info.field_nodes for name in _names(node.selection_set, info)):
        return info
    nodes = [_copy(each, selections=_convert(each.selection_set, info)) for each in info.field_nodes]
    return with_field_nodes(info, nodes)


def _names(selected: SelectionSetNode | None, info: GraphQLResolveInfo[Any]) -> Iterator[str]:
    for each in selected.selections if selected is not None else ():
        if isinstance(each, FieldNode):
            yield each.name.value
        elif isinstance(each, FragmentSpreadNode):
            yield from _names(info.fragments[each.name.value].selection_set, info)
        elif isinstance(each, InlineFragmentNode):
            yield from _names(each.selection_set, info)


def _convert(selected: SelectionSetNode | None, info: GraphQLResolveInfo[Any]) -> list[SelectionNode]:
    found: list[SelectionNode] = []
    for each in selected.selections if selected is not None else ():
        if isinstance(each, FragmentSpreadNode):
            fragment = info.fragments[each.name.value]
            inner = SelectionSetNode(selections=tuple(_convert(fragment.selection_set, info)))
            found.append(
                InlineFragmentNode(
                    type_condition=fragment.type_condition, directives=each.directives, selection_set=inner
                )
            )
        elif isinstance(each, InlineFragmentNode):
            inner = SelectionSetNode(selections=tuple(_convert(each.selection_set, info)))
            found.append(
                InlineFragmentNode(type_condition=each.type_condition, directives=each.directives, selection_set=inner)
            )
        elif isinstance(each, FieldNode) and each.name.value == NODES:
            node = FieldNode(name=NameNode(value=NODE), directives=(), arguments=(), selection_set=each.selection_set)
            found.append(_copy(each, name=EDGES, selections=[node]))
        else:
            # Without its alias, so that what is selected under several of them becomes one selection.
            found.append(_copy(each) if isinstance(each, FieldNode) and each.name.value == EDGES else each)
    return found


def _copy(field: FieldNode, *, name: str = "", selections: list[SelectionNode] | None = None) -> FieldNode:
    """The field without its alias; with another name or other selections, where they are given."""
    return FieldNode(
        name=NameNode(value=name) if name else field.name,
        arguments=field.arguments,
        directives=field.directives,
        selection_set=field.selection_set if selections is None else SelectionSetNode(selections=tuple(selections)),
    )
