"""Which columns of its row a field reads: metadata of a field, so that a list loads no others.

A field that has not declared them, such as any of a plugin's, may read all. A wrong declaration never changes an
answer: a column that was not loaded is read when it is needed, by a statement of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionSetNode, get_named_type
from strawberry.types.field import StrawberryField

from webnet.api.strawberry_internals import fields_of, strawberry_field

COLUMNS = "webnet.columns"


def columns_of_nodes(info: GraphQLResolveInfo[Any]) -> frozenset[str] | None:
    """The columns that are read of the rows of a connection, by what is selected of them; None means all."""
    connection: Any = get_named_type(info.return_type)
    kind: Any = get_named_type(connection.fields["nodes"].type)
    shown = [each for node in info.field_nodes for each in _fields(node.selection_set, info)]
    edges = [each for each in shown if each.name.value == "edges"]
    nodes = [each for edge in edges for each in _fields(edge.selection_set, info) if each.name.value == "node"]
    nodes += [each for each in shown if each.name.value == "nodes"]
    return columns_of_fields(kind, {each.name.value for node in nodes for each in _fields(node.selection_set, info)})


def columns_of_type(kind: Any) -> frozenset[str] | None:
    """The columns that any field of a type reads of its row; None means all."""
    return _unite(fields_of(kind))


def columns_of_fields(kind: Any, names: Iterable[str]) -> frozenset[str] | None:
    """The columns that the fields of a graphql-core type with these names read of its row; None means all."""
    # Others are of every type, such as `__typename`.
    return _unite(strawberry_field(kind.fields[name]) for name in names if name in kind.fields)


def _unite(fields: Iterable[StrawberryField | None]) -> frozenset[str] | None:
    found: set[str] = set()
    for field in fields:
        columns: Sequence[str] | None = field.metadata.get(COLUMNS) if field is not None else None
        if columns is None:
            return None
        found.update(columns)
    return frozenset(found)


def _fields(selected: SelectionSetNode | None, info: GraphQLResolveInfo[Any]) -> Iterator[FieldNode]:
    """The fields of a selection and of its fragments; also those that a directive leaves out."""
    for each in selected.selections if selected is not None else ():
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, FragmentSpreadNode):
            yield from _fields(info.fragments[each.name.value].selection_set, info)
        else:
            yield from _fields(each.selection_set, info)  # type: ignore[attr-defined]  # It is an inline fragment.
