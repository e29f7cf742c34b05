"""Generates queries of a plugin: one for each of its root fields, nodes and fields that it adds to other types."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    parse,
)

from webnet.api.engine.cost import SameDocument, measure_cost
from webnet.api.engine.document_size import DocumentSize
from webnet.api.engine.limits import MAXIMUM_DEPTH, MAXIMUM_TOKENS
from webnet.api.engine.ownership import Ownership
from webnet.sdk.trial.samples import NO_ID, make_sample, takes_ids
from webnet.sdk.trial.selections import Selector

LEVELS = range(MAXIMUM_DEPTH - 1, -1, -1)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A document with its variables, and the field that it queries: `Query.devices`, `Device.site`, `node(Device)`."""

    place: str
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The queries of a plugin, in a schema where it is effective.

    `ids` has a global id for each type with rows, by the type's name. They are used for required arguments, and with
    `offer_ids` for optional ones as well. Other optional arguments are only used if they are `complete`.
    """

    plugin: str
    schema: GraphQLSchema
    owners: Ownership
    ids: Mapping[str, str] = field(default_factory=dict)
    offer_ids: bool = False
    complete: bool = False

    def __iter__(self) -> Iterator[Question]:
        yield from self.of_roots()
        yield from self.of_additions()
        yield from self.of_nodes()

    def of_roots(self) -> Iterator[Question]:
        """Queries of the plugin's root fields."""
        for name, declared in self._fields("Query"):
            yield self._ask(f"Query.{name}", (), name, declared)

    def of_streams(self) -> Iterator[Question]:
        """The plugin's subscriptions."""
        for name, declared in self._fields("Subscription"):
            yield self._ask(f"Subscription.{name}", (), name, declared, operation="subscription")

    def of_mutations(self) -> Iterator[Question]:
        """The plugin's mutations."""
        for name, declared in self._fields("Mutation"):
            yield self._ask(f"Mutation.{name}", (), name, declared, operation="mutation")

    def of_lists(self) -> Iterator[Question]:
        """Every filter and order of each connection that the plugin has, one at a time; orders for pages of one row."""
        for type_name in self.schema.type_map:
            path = self._find_path(type_name) if type_name != "Query" else ()
            if path is None:
                continue
            for name, declared in self._own_fields(type_name):
                if "edges" in getattr(get_named_type(declared.type), "fields", ()):
                    for argument, label, value in _list_choices(declared):
                        yield self._list(
                            f"{type_name}.{name}({argument}: {label})", (*path, name), declared, argument, value
                        )

    def _list(self, place: str, path: Sequence[str], declared: GraphQLField, argument: str, value: Any) -> Question:
        required = {name: each for name, each in declared.args.items() if is_required_argument(each)}
        passed = {argument: declared.args[argument], **required}
        given = next(iter(self.ids.values()), NO_ID)
        variables = {argument: value, **{name: make_sample(each.type, id=given) for name, each in required.items()}}
        head = ", ".join(f"${name}: {each.type}" for name, each in passed.items())
        call = ", ".join(f"{name}: ${name}" for name in passed)
        page = "" if argument == "filter" else ", first: 1, after: $after"
        rows = "edges { node { __typename } } nodes { __typename }"
        body = f"{{ totalCount {rows} pageInfo {{ endCursor hasNextPage hasPreviousPage }} }}"
        body = f"{path[-1]}({call}{page}) {body}"
        for step in reversed(path[:-1]):
            body = f"{step} {{ {body} }}"
        head = f"{head}, $after: String" if page else head
        return Question(place=place, document=f"query({head}) {{ {body} }}", variables=variables)

    def of_additions(self) -> Iterator[Question]:
        """Queries of fields that the plugin adds to other types, if the type can be reached without arguments."""
        for type_name in sorted({kind for kind, _ in self.owners.fields} - {"Query", "Mutation", "Subscription"}):
            path = self._find_path(type_name)
            for name, declared in self._fields(type_name):
                if path is not None:
                    yield self._ask(f"{type_name}.{name}", path, name, declared)

    def of_nodes(self) -> Iterator[Question]:
        """`Query.node` for each of the plugin's types in `ids`."""
        node = self._root("Query").fields["node"]
        for type_name, given in self.ids.items():
            kind = self.schema.type_map.get(type_name)
            if self.owners.types.get(type_name) != self.plugin or not isinstance(kind, GraphQLObjectType):
                continue
            if any(interface.name == "Node" for interface in kind.interfaces):
                yield self._ask(f"node({type_name})", (), "node", node, id=given)

    def _ask(
        self,
        place: str,
        path: Sequence[str],
        name: str,
        declared: GraphQLField,
        id: str | None = None,  # noqa: A002 - its name in GraphQL
        operation: str = "query",
    ) -> Question:
        """The deepest document that is within webnet's limits."""
        kind = get_named_type(declared.type)
        arguments = {name: each for name, each in declared.args.items() if self._is_passed(each)}
        given = id or self.ids.get(kind.name, next(iter(self.ids.values()), NO_ID))
        variables = {
            each: make_sample(argument.type, id=given, with_ids=self.offer_ids, is_complete=self.complete)
            for each, argument in arguments.items()
        }
        declared_variables = ", ".join(f"${each}: {argument.type}" for each, argument in arguments.items())
        passed = ", ".join(f"{each}: ${each}" for each in arguments)
        head = f"{operation}({declared_variables}) " if declared_variables else f"{operation} "
        call = f"{name}({passed})" if passed else name
        selector = Selector(self.schema, self.owners.types)
        for levels in LEVELS:
            body = f"{{ {call} {selector.select(kind, depth=levels)} }}"
            for step in reversed(path):
                body = f"{{ {step} {body} }}"
            if self._is_within_limits(head + body):
                break
        return Question(place=place, document=head + body, variables=variables)

    def _is_within_limits(self, text: str) -> bool:
        """Whether the document is within webnet's limits of depth and tokens, and within the budget of a viewer."""
        try:
            document = parse(text, max_tokens=MAXIMUM_TOKENS)
        except GraphQLError:
            return False
        cost = measure_cost(self.schema, SameDocument(document), None, ())
        return DocumentSize(document).depth <= MAXIMUM_DEPTH and cost <= settings.WEBNET_BUDGET_POINTS_VIEWER

    def _is_passed(self, argument: GraphQLArgument) -> bool:
        return is_required_argument(argument) or self.complete or (self.offer_ids and takes_ids(argument.type))

    def _find_path(self, type_name: str) -> tuple[str, ...] | None:
        """The shortest path of fields from the query root to the type."""
        paths: deque[tuple[GraphQLObjectType, tuple[str, ...]]] = deque([(self._root("Query"), ())])
        seen = {"Query"}
        while paths:
            kind, path = paths.popleft()
            for name, declared in kind.fields.items():
                reached = get_named_type(declared.type)
                if any(map(is_required_argument, declared.args.values())) or reached.name in seen:
                    continue
                if reached.name == type_name:
                    return (*path, name)
                if isinstance(reached, GraphQLObjectType):
                    seen.add(reached.name)
                    paths.append((reached, (*path, name)))
        return None

    def _fields(self, type_name: str) -> Iterator[tuple[str, GraphQLField]]:
        kind = self.schema.type_map.get(type_name)
        for name, declared in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            if self.owners.fields.get((type_name, name)) == self.plugin:
                yield name, declared

    def _own_fields(self, type_name: str) -> Iterator[tuple[str, GraphQLField]]:
        """The plugin's fields of the type, which may be its own type or one that it adds fields to."""
        kind = self.schema.type_map.get(type_name)
        for name, declared in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            owner = self.owners.fields.get((type_name, name)) or self.owners.types.get(type_name)
            if owner == self.plugin:
                yield name, declared

    def _root(self, name: str) -> GraphQLObjectType:
        kind = self.schema.type_map[name]
        if not isinstance(kind, GraphQLObjectType):
            raise TypeError(f"'{name}' is not an object type.")
        return kind


def _list_choices(connection: GraphQLField) -> Iterator[tuple[str, str, Any]]:
    """(argument, choice, value) for each field of the connection's filter, and each order in both directions."""
    wanted = get_named_type(connection.args["filter"].type) if "filter" in connection.args else None
    for name, each in wanted.fields.items() if isinstance(wanted, GraphQLInputObjectType) else ():
        yield "filter", name, {name: make_sample(each.type)}
    order = get_named_type(connection.args["order"].type) if "order" in connection.args else None
    if isinstance(order, GraphQLInputObjectType):
        columns: Any = get_named_type(order.fields["field"].type)
        for column in columns.values:
            for direction in ("ASC", "DESC"):
                yield "order", f"{column} {direction}", [{"field": column, "direction": direction}]
