"""What a document costs, counted from the schema and the sizes of its pages before anything runs; never from rows.

The cost of a field is its own points, plus those of what is selected below it, times the size of its page or the
maximum of its list. Each fragment is measured only once, so that counting takes time in proportion to the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from weakref import ref

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    SelectionSetNode,
    TypeNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
    is_introspection_type,
)

from webnet.api.declarations.connections import ConnectionField
from webnet.api.declarations.sizes import COST, LENGTH_OF, LIST_MAXIMUM
from webnet.api.paging.pages import DEFAULT_PAGE, LARGEST_PAGE
from webnet.api.strawberry_internals import strawberry_field

# The points of a field that declares none: a point is about the time that one value of a row takes.
COLUMN_POINTS = 1
RESOLVER_POINTS = 2
CONNECTION_POINTS = 10  # At least one SQL statement.
CHANGE_POINTS = 50  # A mutation is a transaction with its audit row, a subscription stays open.
# Whatever is selected of the schema, since it does not depend on rows; the depth is limited.
SCHEMA_POINTS = 20_000
TYPE_POINTS = 500
# Of a list that declares no maximum; plugins' lists of rows are cut off there.
DEFAULT_LIST_MAXIMUM = LARGEST_PAGE

# The extension of a graphql-core field with its cost.
FIELD_COST = "webnet.field_cost"
PAGE_ARGUMENTS = frozenset({"first", "last"})

# The sizes in the variables of a request, by name; None means null or missing.
Sizes = tuple[tuple[str, int | None], ...]


class _Points(NamedTuple):
    """Points of selections: those that count once, and those that count for each item of the page that they are of."""

    once: int = 0
    each: int = 0


_INTROSPECTION = {"__schema": _Points(SCHEMA_POINTS), "__type": _Points(TYPE_POINTS)}


@dataclass(frozen=True, kw_only=True)
class FieldCost:
    """The field's own points, and how often what is below it is read.

    That is `length` times, or once for a connection (`has_pages`), of whose type the lists (`is_page`) have as many
    items as the page; or as often as the list `length_of`, one of its arguments, has items, each of which also counts
    as the field does. `type_name` is the type below it.
    """

    points: int
    length: int
    has_pages: bool
    is_page: bool
    type_name: str
    length_of: str | None = None

    @cached_property
    def alone(self) -> _Points:
        """Those of a field without a selection."""
        return _Points(self.points)


def price_fields(schema: GraphQLSchema) -> None:
    """Note the cost of every field in its extensions; once, after the schema was built. Derived schemas share them."""
    objects = [
        kind
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not is_introspection_type(kind)
    ]
    fields = [(kind, field) for kind in objects for field in kind.fields.values()]
    pages = {get_named_type(field.type).name for _, field in fields if _has_pages(field)}
    changing = {kind.name for kind in (schema.mutation_type, schema.subscription_type) if kind is not None}
    query = schema.query_type.name if schema.query_type is not None else ""
    for kind, field in fields:
        default = CHANGE_POINTS if kind.name in changing else _find_points(field, is_root=kind.name == query)
        cost = _price(field, default=default, is_in_page=kind.name in pages)
        field.extensions = {**field.extensions, FIELD_COST: cost}
    for interface in schema.type_map.values():
        if isinstance(interface, GraphQLInterfaceType):
            implementing = schema.get_implementations(interface).objects
            for name, field in interface.fields.items():
                costs = [each.fields[name].extensions[FIELD_COST] for each in implementing]
                field.extensions = {**field.extensions, FIELD_COST: _highest(field, costs)}


def _has_pages(field: GraphQLField) -> bool:
    return isinstance(strawberry_field(field), ConnectionField)


def _find_points(field: GraphQLField, *, is_root: bool) -> int:
    declared = strawberry_field(field)
    if isinstance(declared, ConnectionField):
        return CONNECTION_POINTS
    return RESOLVER_POINTS if is_root or getattr(declared, "base_resolver", None) is not None else COLUMN_POINTS


def _price(field: GraphQLField, *, default: int, is_in_page: bool) -> FieldCost:
    metadata: Mapping[Any, Any] = getattr(strawberry_field(field), "metadata", {})
    levels = _count_lists(field.type)
    maximum = metadata.get(LIST_MAXIMUM, DEFAULT_LIST_MAXIMUM)
    return FieldCost(
        points=metadata.get(COST, default),
        length=maximum * DEFAULT_LIST_MAXIMUM ** (levels - 1) if levels else 1,
        has_pages=_has_pages(field),
        is_page=is_in_page and levels > 0,
        type_name=get_named_type(field.type).name,
        length_of=metadata.get(LENGTH_OF),
    )


def _count_lists(kind: Any) -> int:
    levels = 0
    while isinstance(kind, GraphQLList | GraphQLNonNull):
        levels += isinstance(kind, GraphQLList)
        kind = kind.of_type
    return levels


def _highest(field: GraphQLField, costs: list[FieldCost]) -> FieldCost:
    """The cost of an interface's field: which type's it is turns out only when it is read."""
    return FieldCost(
        points=max((each.points for each in costs), default=RESOLVER_POINTS),
        length=max((each.length for each in costs), default=1),
        has_pages=any(each.has_pages for each in costs),
        is_page=any(each.is_page for each in costs),
        type_name=get_named_type(field.type).name,
    )


class SameDocument:
    """The key of a document in a cache: by identity, since graphql-core would hash and compare all of its nodes.

    A cache keeps no document alive by it: there is a cache for each schema, and a document takes up to 300 KB. What is
    known of one that is gone is never found again, also by a document in the same place. `when_gone` is called then.
    """

    __slots__ = ("_hash", "_reference")

    def __init__(self, document: DocumentNode, when_gone: Callable[[object], object] | None = None) -> None:
        self._reference = ref(document, when_gone)
        self._hash = id(document)

    @property
    def document(self) -> DocumentNode:
        """The document, while its request or the cache of documents has it."""
        found = self._reference()
        if found is None:
            raise LookupError("The document is gone.")
        return found

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SameDocument):
            return False
        own = self._reference()
        return own is not None and own is other._reference()


def read_sizes(document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None) -> Sizes:
    """What the operation's variables say of sizes, no larger than the largest page: numbers, and lengths of lists."""
    operation, given = get_operation_ast(document, operation_name), variables or {}
    definitions = (operation.variable_definitions if operation is not None else None) or ()
    sizes: list[tuple[str, int | None]] = []
    for each in definitions:
        kind, name = each.type, each.variable.name.value
        kind = kind.type if isinstance(kind, NonNullTypeNode) else kind
        if isinstance(kind, NamedTypeNode) and kind.name.value == "Int":
            sizes.append((name, _limit(given[name]) if name in given else _read_literal(each.default_value)))
        elif isinstance(kind, ListTypeNode) and _name_of_type(kind) == "ID":
            sizes.append((name, _count(given[name]) if name in given else _count_literal(each.default_value)))
    return tuple(sizes)


def _read_literal(node: ValueNode | None) -> int | None:
    # So many digits are more than any page, and Python does not read thousands of them.
    if isinstance(node, IntValueNode):
        return _limit(int(node.value)) if len(node.value) < 10 else LARGEST_PAGE
    return None


def _name_of_type(kind: TypeNode) -> str:
    """The name inside a type as a document writes it."""
    while not isinstance(kind, NamedTypeNode):
        kind = kind.type  # type: ignore[attr-defined]  # Of a list or what is not null.
    return kind.name.value


def _count(value: Any) -> int:
    """The items of a list in a variable; anything else is taken for its only item."""
    return min(len(value), LARGEST_PAGE) if isinstance(value, list) else 1


def _count_literal(node: ValueNode | None) -> int:
    return min(len(node.values), LARGEST_PAGE) if isinstance(node, ListValueNode) else 1


def _limit(size: Any) -> int | None:
    """The size of the page that this asks for; what is not a number is rejected later."""
    if size is None:
        return None
    return min(max(int(size), 0), LARGEST_PAGE) if isinstance(size, int | float) and abs(size) < 1e9 else LARGEST_PAGE


def measure_cost(schema: GraphQLSchema, same: SameDocument, operation_name: str | None, sizes: Sizes) -> int:
    """The points of a valid operation."""
    operation = get_operation_ast(same.document, operation_name)
    root = schema.get_root_type(operation.operation) if operation is not None else None
    if operation is None or root is None:
        return 0
    return _Meter(schema, same.document, dict(sizes)).measure(operation.selection_set, root).once


class _Meter:
    """Measures the selections of one document, each fragment only once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, sizes: Mapping[str, int | None]) -> None:
        self._types = schema.type_map
        self._sizes = sizes
        definitions = document.definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._known: dict[str, _Points] = {}

    def measure(self, selections: SelectionSetNode, kind: Any) -> _Points:
        """The points of what is selected of a type."""
        fields: Mapping[str, GraphQLField] = getattr(kind, "fields", {})
        once, each, fragments = 0, 0, []
        for node in selections.selections:
            if isinstance(node, FieldNode):
                found = self._measure_field(node, fields.get(node.name.value))
                once, each = once + found.once, each + found.each
            else:
                fragments.append(node)
        if not fragments:
            return _Points(once, each)
        found = self._measure_fragments(fragments, kind)
        return _Points(once + found.once, each + found.each)

    def _measure_field(self, node: FieldNode, field: GraphQLField | None) -> _Points:
        if field is None:
            return _INTROSPECTION.get(node.name.value, _Points(COLUMN_POINTS))
        cost: FieldCost = field.extensions[FIELD_COST]
        if node.selection_set is None:
            return cost.alone
        below = self.measure(node.selection_set, self._types[cost.type_name])
        if cost.has_pages:
            return _Points(cost.points + below.once + below.each * self._read_page(node))
        if cost.length_of is not None:
            each_item = cost.points + below.once + below.each * LARGEST_PAGE
            return _Points(cost.points + each_item * self._read_length(node, cost.length_of))
        if cost.is_page:
            return _Points(cost.points, below.once)
        return _Points(cost.points + cost.length * (below.once + below.each * LARGEST_PAGE))

    def _measure_fragments(self, nodes: list[Any], kind: Any) -> _Points:
        """Those of fragments. A value is of one object type only, so that the dearest of the others' counts."""
        for_all, spread = _Points(), set()
        by_type: dict[str, _Points] = {}
        for node in nodes:
            name = node.name.value if isinstance(node, FragmentSpreadNode) else None
            if name in spread:  # The same fields once more, which are read only once.
                continue
            if name is not None:
                spread.add(name)
                condition, found = self._measure_fragment(name)
            else:
                condition = node.type_condition.name.value if node.type_condition else kind.name
                found = self._measure_as(condition, node.selection_set)
            if condition == kind.name or not isinstance(self._types.get(condition), GraphQLObjectType):
                for_all = _Points(for_all.once + found.once, for_all.each + found.each)
            else:
                others = by_type.get(condition, _Points())
                by_type[condition] = _Points(others.once + found.once, others.each + found.each)
        dearest = max(by_type.values(), default=_Points())
        return _Points(for_all.once + dearest.once, for_all.each + dearest.each)

    def _measure_fragment(self, name: str) -> tuple[str, _Points]:
        """(the type that it is for, its points)."""
        fragment = self._fragments[name]
        condition = fragment.type_condition.name.value
        if name not in self._known:
            self._known[name] = _Points()  # Found by a cycle, which other rules reject.
            self._known[name] = self._measure_as(condition, fragment.selection_set)
        return condition, self._known[name]

    def _measure_as(self, condition: str, selections: SelectionSetNode) -> _Points:
        """Those of a fragment on this type; no value is of one that the schema lacks, as in a part that is guarded."""
        kind = self._types.get(condition)
        return self.measure(selections, kind) if kind is not None else _Points()

    def _read_length(self, node: FieldNode, argument: str) -> int:
        """The length of the list that a field is given."""
        given = next((each.value for each in node.arguments or () if each.name.value == argument), None)
        if isinstance(given, VariableNode):
            found = self._sizes.get(given.name.value)
            return 1 if found is None else found
        return _count_literal(given)

    def _read_page(self, node: FieldNode) -> int:
        """The size of the page that a connection shows, by its `first` or `last`."""
        given = [
            self._sizes.get(each.value.name.value)
            if isinstance(each.value, VariableNode)
            else _read_literal(each.value)
            for each in node.arguments or ()
            if each.name.value in PAGE_ARGUMENTS
        ]
        return max((size for size in given if size is not None), default=DEFAULT_PAGE)
