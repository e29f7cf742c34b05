"""Which columns of its row a field reads: metadata of a field, so that a list loads no others.

A field that has not declared them, such as any of a plugin's, may read all. A wrong declaration never changes an
answer: a column that was not loaded is read when it is needed, by a statement of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionSetNode, get_named_type
from strawberry.types.field import StrawberryField

from webnet.api.strawberry_internals import NAMES, fields_of, strawberry_field

COLUMNS = "webnet.columns"


def columns_of_nodes(info: GraphQLResolveInfo[Any]) -> frozenset[str] | None:
    """The columns that are read of the rows of a connection, by what is selected of them; None means all."""
    connection: Any = get_named_type(info.return_type)
    kind: Any = get_named_type(connection.fields["nodes"].type)
    shown = [each for node in info.field_nodes for each in _fields(node.selection_set, info)]
    edges = [each for each in shown if each.name.value == "edges"]
    nodes = [each for edge in edges for each in _fields(edge.selection_set, info) if each.name.value == "node"]
    nodes += [each for each in shown if each.name.value == "nodes"]
    selected = {each.name.value for node in nodes for each in _fields(node.selection_set, info)}
    # Others are of every type, such as `__typename`.
    known = [kind.fields[name] for name in selected if name in kind.fields]
    return _unite(strawberry_field(each) for each in known)


def columns_of_type(kind: Any, names: Collection[str] | None = None) -> frozenset[str] | None:
    """The columns that any field of a type, or one with one of these names, reads of its row; None means all."""
    return _unite(each for each in fields_of(kind) if names is None or NAMES.get_graphql_name(each) in names)


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
