"""Strawberry's schema, made so that other schemas can be derived from it and forgotten again."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

from graphql import Executor as GraphQLExecutor
from graphql import GraphQLError, GraphQLSchema, GraphQLUnionType
from strawberry.http import GraphQLRequestData
from strawberry.schema import Schema as StrawberrySchema
from strawberry.schema.schema import validate_document
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.types.concrete_type import ConcreteType
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from webnet.api.engine.ownership import Ownership, SchemaParts
from webnet.api.vocabulary.directives import BroughtByPlugin

CACHED_DOCUMENTS = 128
DERIVED_ANEW = frozenset({"fingerprint", "validated"})


class Schema(StrawberrySchema):
    """A schema whose caches are its own: Strawberry's are shared by all schemas, and would keep every one alive.

    Private names of Strawberry that this relies on, for pinned versions: `_schema`, `_strawberry_schema`,
    `schema_converter.type_map`, `_create_execution_context`, `_prepare_operation_sync`.
    """

    parts: SchemaParts
    # The plugins whose parts are not in this schema.
    hidden: frozenset[str] = frozenset()

    @property
    def graphql(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    @cached_property
    def fingerprint(self) -> str:
        """A short name of what the schema says, for the header `Webnet-Schema`."""
        return self.parts.fingerprint(without=self.hidden)

    @cached_property
    def validated(self) -> Any:
        """Strawberry's `validate_document`, remembering what it said of the documents asked last."""
        return lru_cache(maxsize=CACHED_DOCUMENTS)(validate_document)

    def export(self) -> str:
        """The SDL, as `schema.graphql` has it."""
        return self.as_str().rstrip() + "\n"

    def derive(self, graphql: GraphQLSchema, *, hidden: frozenset[str]) -> Schema:
        """The same schema over a part of its types, which lacks what these plugins bring."""
        derived = object.__new__(type(self))
        derived.__dict__.update({key: value for key, value in self.__dict__.items() if key not in DERIVED_ANEW})
        derived._schema = graphql
        derived.hidden = hidden
        vars(graphql)["_strawberry_schema"] = derived  # where Strawberry looks for it
        graphql.extensions = {GraphQLCoreConverter.DEFINITION_BACKREF: derived}
        derived.schema_converter = _over(self.schema_converter, graphql)
        return derived

    def prepare_subscription(
        self, wanted: GraphQLRequestData, context: object
    ) -> GraphQLExecutor[Any] | list[GraphQLError]:
        """What will execute each event; or what is wrong with the document, by the same rules as for queries."""
        execution = self._create_execution_context(
            query=wanted.query,
            allowed_operation_types=(OperationType.SUBSCRIPTION,),
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
        )
        extensions = self.get_extensions(sync=True)
        for extension in extensions:
            extension.execution_context = execution
        runner = self.create_extensions_runner(execution, extensions)
        with runner.operation():
            failed = self._prepare_operation_sync(execution, runner)
        if failed is not None or execution.graphql_document is None:
            return list(failed.errors or ()) if failed is not None else []
        return self.execution_context_class.build(
            self.graphql,
            execution.graphql_document,
            context_value=context,
            raw_variable_values=execution.variables,
            operation_name=execution.operation_name,
        )

    def name_of(self, kind: Any) -> str:
        """What the schema calls a Python class that it has as a type."""
        required: Any = self.schema_converter.from_maybe_optional(kind)
        return str(required.of_type.name)

    def mark_owners(self, owners: Ownership) -> None:
        """Take note of which plugin brings what, and say it of types in the SDL."""
        self.parts = SchemaParts(self.graphql, owners)
        for name, plugin in owners.types.items():
            definition: Any = self.schema_converter.type_map[name].definition
            definition.directives = [*(definition.directives or ()), BroughtByPlugin(name=plugin)]

    def get_type_by_name(self, name: str) -> Any:  # type: ignore[override]  # without the cache for all schemas
        """Strawberry's definition of a type; None for one that is not in this schema."""
        found = self.schema_converter.type_map.get(name)
        return found.definition if found is not None else None

    def get_directive_by_name(self, graphql_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002 - as above
        """There are no directives for operations but GraphQL's own."""
        return None

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: `errors` does, without the document, which may hold secrets."""


def _over(converter: GraphQLCoreConverter, graphql: GraphQLSchema) -> GraphQLCoreConverter:
    """The converter with these types. Without it fragments lose the optimizer, and hidden types stay reachable."""
    derived = object.__new__(type(converter))
    derived.__dict__.update(converter.__dict__)
    derived.type_map = {
        name: ConcreteType(definition=known.definition, implementation=graphql.type_map[name])
        for name, known in converter.type_map.items()
        if name in graphql.type_map
    }
    for name, known in derived.type_map.items():
        kind = graphql.type_map[name]
        if isinstance(kind, GraphQLUnionType) and kind is not converter.type_map[name].implementation:
            union: Any = known.definition
            kind.resolve_type = union.get_type_resolver(derived.type_map)
    return derived
