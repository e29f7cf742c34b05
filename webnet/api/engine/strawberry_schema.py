"""Strawberry's schema, extended so that other schemas can be derived from it and garbage-collected again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from graphql import Executor as GraphQLExecutor
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.http import GraphQLRequestData
from strawberry.schema import Schema as StrawberrySchema
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext

from webnet.api.engine.client_values import find_unusable
from webnet.api.engine.cost import SameDocument, measure_cost
from webnet.api.engine.ownership import Additions, Ownership, SchemaParts
from webnet.api.engine.selected_columns import find_selected_columns
from webnet.api.engine.state_documents import find_state_read
from webnet.api.strawberry_internals import copy_schema, graphql_schema_of, list_types, prepare_subscription
from webnet.api.vocabulary.directives import BroughtByPlugin

# Of each schema; a document has as many as its variables can have sizes of pages.
CACHED_RESULTS = 256
# The cached properties of a schema, which must not be copied to one that is derived from it.
CACHED = frozenset({"additions", "fingerprint", "graphql", "priced", "selected_columns", "state_reads", "validated"})


class Schema(StrawberrySchema):
    """A schema with caches of its own: Strawberry's are shared by all schemas, and would keep each of them alive."""

    parts: SchemaParts
    # The plugins whose parts this schema lacks.
    hidden: frozenset[str] = frozenset()

    @cached_property
    def graphql(self) -> GraphQLSchema:
        """The graphql-core schema."""
        return graphql_schema_of(self)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the schema, for the header `Webnet-Schema`."""
        return self.parts.fingerprint(without=self.hidden)

    @cached_property
    def additions(self) -> Mapping[str, Additions]:
        """What each plugin adds to this schema; a plugin that adds nothing is not there."""
        return self.parts.list_additions(self.graphql)

    @cached_property
    def validated(self) -> Any:
        """Raises InvalidDocument if there are errors by these rules, with a cache; its values are read first."""
        return DocumentResults(_validate)

    @cached_property
    def priced(self) -> Any:
        """What an operation costs with pages of these sizes, with a cache."""
        return DocumentResults(measure_cost)

    @cached_property
    def selected_columns(self) -> Any:
        """The columns of a type's rows that a document asks for, with a cache."""
        return DocumentResults(find_selected_columns)

    @cached_property
    def state_reads(self) -> Any:
        """Where the answer of an operation depends on the plugins' state alone, with a cache."""
        return DocumentResults(find_state_read)

    def export(self) -> str:
        """The SDL, as in `schema.graphql`."""
        return self.as_str().rstrip() + "\n"

    def derive(self, graphql: GraphQLSchema, *, hidden: frozenset[str]) -> Schema:
        """The same schema over a part of its types, without those of the hidden plugins."""
        derived = copy_schema(self, graphql, without=CACHED)
        derived.hidden = hidden
        return derived

    def prepare_subscription(
        self, wanted: GraphQLRequestData, context: object
    ) -> GraphQLExecutor[Any] | list[GraphQLError]:
        """The executor for the events of a subscription, or the errors in its document."""
        execution, errors = prepare_subscription(
            self,
            query=wanted.query,
            variables=wanted.variables,
            operation_name=wanted.operation_name,
            context=context,
        )
        if errors or execution.graphql_document is None:
            return errors
        return self.execution_context_class.build(
            self.graphql,
            execution.graphql_document,
            context_value=context,
            raw_variable_values=execution.variables,
            operation_name=execution.operation_name,
        )

    def mark_owners(self, owners: Ownership) -> None:
        """Record which plugin defines what, and mark the types of plugins with a directive in the SDL."""
        self.parts = SchemaParts(self.graphql, owners)
        for name, plugin in owners.types.items():
            definition: Any = list_types(self)[name].definition
            definition.directives = [*(definition.directives or ()), BroughtByPlugin(name=plugin)]

    def get_type_by_name(self, name: str) -> Any:  # type: ignore[override]  # Not cached.
        """Strawberry's definition of a type; None if this schema does not have it."""
        found = list_types(self).get(name)
        return found.definition if found is not None else None

    def get_directive_by_name(self, graphql_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002 - the signature is Strawberry's
        """There are no directives for operations except the built-in ones."""
        return None

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> OperationSteps:
        """What calls the extensions."""
        return OperationSteps(execution_context, extensions)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: `webnet.api.errors` does, without the document, which may contain secrets."""


class OperationSteps(SchemaExtensionsRunner):
    """Calls each extension before a step of an operation.

    Strawberry's own runner looks at each of an extension's methods anew for each request, and makes a context manager
    of it, which takes longer than to parse, validate and price a document that was seen before.
    """

    def operation(self) -> Any:
        """The whole of it."""
        return _Before([each.on_operation for each in self.extensions])

    def parsing(self) -> Any:
        """The text of the document is parsed."""
        return _Before([each.on_parse for each in self.extensions])

    def validation(self) -> Any:
        """The document is validated."""
        return _Before([each.on_validate for each in self.extensions])

    def executing(self) -> Any:
        """The operation is executed."""
        return _Before([])


class _Before:
    """Makes the calls when its block begins, also one of a subscription, which is asynchronous."""

    __slots__ = ("_calls",)

    def __init__(self, calls: Sequence[Callable[[], object]]) -> None:
        self._calls = calls

    def __enter__(self) -> None:
        for call in self._calls:
            call()

    def __exit__(self, *_: object) -> None:
        """Nothing is left to do."""

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        """Nothing is left to do."""


class DocumentResults:
    """What was found out about documents with a schema, for as long as somebody has them; safe under threads."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.hits = 0
        self._work = work
        self._results: dict[tuple[SameDocument, tuple[Any, ...]], Any] = {}

    def __call__(self, schema: GraphQLSchema, same: SameDocument, *others: Any) -> Any:
        """What `work` returns for these arguments; what it raises is not kept."""
        found = self._results.get((same, others), _ABSENT)
        if found is not _ABSENT:
            self.hits += 1
            return found
        found = self._work(schema, same, *others)
        if len(self._results) >= CACHED_RESULTS:
            self._results.clear()
        results = self._results

        def forget(_: object) -> None:
            # By identity: a key whose document is gone equals no other one.
            results.pop(key, None)

        key = (SameDocument(same.document, forget), others)
        results[key] = found
        return found

    def __len__(self) -> int:
        return len(self._results)


_ABSENT = object()


def _validate(schema: GraphQLSchema, same: SameDocument, rules: Any) -> None:
    if errors := find_unusable(same.document) or validate_document(schema, same.document, rules):
        raise InvalidDocument(errors)


class InvalidDocument(Exception):
    """What is wrong with a document. Raised, since `DocumentResults` would keep the errors, and with them its nodes."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors
