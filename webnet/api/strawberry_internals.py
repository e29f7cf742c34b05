"""Every private name of Strawberry, strawberry-django and graphql-core that webnet uses.

Written for strawberry-graphql 0.341, strawberry-graphql-django 0.93 and graphql-core 3.3, whose exact versions
`requirements/` pins. `tests/api/test_strawberry_internals.py` checks each reliance on the libraries themselves, so that
an upgrade that changes one fails there first, and says what to look at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
)
from graphql.type.schema import InterfaceImplementations
from strawberry.schema import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.types.concrete_type import ConcreteType
from strawberry.types import ExecutionContext, Info
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType
from strawberry_django.descriptors import ModelProperty

SomeSchema = TypeVar("SomeSchema", bound=Schema)
SomeInfo = TypeVar("SomeInfo", bound=Info[Any, Any])


# Types and fields


def definition_of(kind: Any) -> StrawberryObjectDefinition:
    """Strawberry's definition of a class (or an instance of one) that was decorated with `@strawberry.type`.

    `__strawberry_definition__` is set by the decorator; `strawberry.types.get_object_definition` reads it too, but
    takes no instances.
    """
    definition: StrawberryObjectDefinition = kind.__strawberry_definition__
    return definition


def fields_of(kind: Any) -> list[StrawberryField]:
    """The fields of a Strawberry type: the very list, which the schema is built from, so fields can be added to it."""
    return definition_of(kind).fields


def type_arguments_of(kind: Any) -> Mapping[str, Any]:
    """What the type variables of a generic type stand for, by their names (`type_var_map`); empty for other types."""
    return getattr(getattr(kind, "__strawberry_definition__", None), "type_var_map", {})


def model_of(kind: Any) -> Any:
    """The Django model that a strawberry-django type shows (`__strawberry_django_definition__`); None for others."""
    return getattr(getattr(kind, "__strawberry_django_definition__", None), "model", None)


def has_optimizer_hints(kind: Any) -> bool:
    """Whether strawberry-django's optimizer can find anything to do for rows of a type, whatever is selected of them.

    The answer is yes wherever that is not certain: a field that reads a relation, or has hints of its own or by its
    property of the model. Columns only count for `only()`, which webnet does not have it do.
    """
    definition = getattr(kind, "__strawberry_django_definition__", None)
    if definition is None or definition.store:
        return True
    return any(_has_hints(field, definition.model) for field in fields_of(kind))


def _has_hints(field: StrawberryField, model: type[Model]) -> bool:
    if getattr(field, "store", None) or isinstance(getattr(model, field.python_name, None), ModelProperty):
        return True
    if field.base_resolver is not None:
        return bool(getattr(field.base_resolver.wrapped_func, "can_optimize", False))
    name = getattr(field, "django_name", None) or field.python_name
    column = next((each for each in model._meta.concrete_fields if each.name == name), None)
    return column is None or column.is_relation


def strawberry_field(field: GraphQLField) -> StrawberryField | None:
    """Strawberry's field behind one of graphql-core, from the back reference that the converter puts on it."""
    found: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return found


def resolver_of(field: GraphQLField) -> Any:
    """The function that was declared as the resolver of a field; None for one that reads an attribute."""
    resolver = getattr(strawberry_field(field), "base_resolver", None)
    return resolver.wrapped_func if resolver is not None else None


def source_of(kind: GraphQLNamedType) -> Any:
    """The class that a type was declared with; None for scalars and for types of GraphQL itself."""
    definition = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)


def column_of(field: Any, kind: Any) -> Any:
    """The column that a field of a type shows without a resolver; None where the type shows no model's rows."""
    model, shown = model_of(kind), getattr(field, "extensions", {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if model is None or getattr(shown, "base_resolver", None) is not None:
        return None
    name = getattr(shown, "django_name", None) or getattr(shown, "python_name", None)
    return next((column for column in model._meta.concrete_fields if column.name == name), None)


def is_check_of_class(check: Any) -> bool:
    """Whether an `is_type_of` is Strawberry's or strawberry-django's own, which ask for an object's class and its cast
    alone, and not one that the type's author wrote. They are told by where their function was defined.
    """
    function = getattr(check, "__func__", check)
    return getattr(function, "__module__", "") in {"strawberry.schema.schema_converter", "strawberry_django.type"}


def related_column(arguments: Mapping[str, Any]) -> str | None:
    """The foreign key that strawberry-django's optimizer prefetches a relation by, from `get_queryset`'s arguments."""
    column: str | None = arguments.get("_strawberry_related_field_id")
    return column


# Resolver information


def raw_info_of(info: Info[Any, Any]) -> GraphQLResolveInfo[Any]:
    """graphql-core's `info` inside Strawberry's."""
    return info._raw_info


def with_field_nodes(info: GraphQLResolveInfo[Any], nodes: Sequence[FieldNode]) -> GraphQLResolveInfo[Any]:
    """The same `info` with other nodes of the document; `_replace` is how a named tuple is copied."""
    return info._replace(field_nodes=list(nodes))


def field_of(info: Info[Any, Any]) -> StrawberryField:
    """The field that is being resolved."""
    return info._field


def rebuild_info(kind: type[SomeInfo], info: Info[Any, Any]) -> SomeInfo:
    """The same `info` as another class, from the two values that Strawberry makes it of."""
    return kind(_raw_info=info._raw_info, _field=info._field)


# Schemas


def graphql_schema_of(schema: Schema) -> GraphQLSchema:
    """The schema as graphql-core has it (`Schema._schema`)."""
    return schema._schema


def list_types(schema: Schema) -> Mapping[str, ConcreteType]:
    """Strawberry's types by GraphQL name, each with its definition and its graphql-core type."""
    return schema.schema_converter.type_map


def graphql_name_of(schema: Schema, kind: Any) -> str:
    """The GraphQL name of a Python class that the schema has as a type."""
    required: Any = schema.schema_converter.from_maybe_optional(kind)  # A GraphQLNonNull around the type.
    return str(required.of_type.name)


def copy_schema(schema: SomeSchema, graphql: GraphQLSchema, *, without: Collection[str]) -> SomeSchema:
    """The Strawberry schema over another graphql-core schema, whose types are some of its own.

    `Schema.__init__` would build all types again, so the attributes are copied instead, apart from `without`. A
    graphql-core schema refers to Strawberry's twice: `info.schema` reads `_strawberry_schema`, the printer extensions.
    """
    copied = object.__new__(type(schema))
    copied.__dict__.update({name: value for name, value in schema.__dict__.items() if name not in without})
    copied._schema = graphql
    vars(graphql)["_strawberry_schema"] = copied
    graphql.extensions = {GraphQLCoreConverter.DEFINITION_BACKREF: copied}
    copied.schema_converter = _copy_converter(schema.schema_converter, graphql)
    return copied


def _copy_converter(converter: GraphQLCoreConverter, graphql: GraphQLSchema) -> GraphQLCoreConverter:
    """The converter with these types only.

    strawberry-django's optimizer looks types up in `type_map`: with that of the full schema it would not follow
    fragments, and types that the copy lacks would stay reachable.
    """
    copied = object.__new__(type(converter))
    copied.__dict__.update(converter.__dict__)
    copied.type_map = types = _ConcreteTypes(converter.type_map, graphql.type_map)  # type: ignore[assignment]
    for kind in types.changed():
        # A union finds the type of a value in the map that its resolver was made for.
        if isinstance(kind.implementation, GraphQLUnionType):
            union: Any = kind.definition
            kind.implementation.resolve_type = union.get_type_resolver(types)
    return copied


class _ConcreteTypes(Mapping[str, ConcreteType]):
    """The types of a part of a schema: most are those of the whole, and are looked up there.

    A dictionary of its own for each schema would take a fifth of the memory of a schema.
    """

    def __init__(self, whole: Mapping[str, ConcreteType], kinds: Mapping[str, GraphQLNamedType]) -> None:
        self._whole = whole
        self._kinds = kinds
        self._changed = {
            name: ConcreteType(known.definition, kinds[name])
            for name, known in whole.items()
            if name in kinds and known.implementation is not kinds[name]
        }

    def __getitem__(self, name: str) -> ConcreteType:
        known = self._changed.get(name)
        if known is not None:
            return known
        if name not in self._kinds:
            raise KeyError(name)
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._whole if name in self._kinds)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(self) -> Iterable[ConcreteType]:
        """Those that the whole has otherwise."""
        return self._changed.values()


def implementations_of(schema: GraphQLSchema) -> Mapping[str, InterfaceImplementations]:
    """What implements each interface of a graphql-core schema, by the interface's name (`_implementations_map`)."""
    return schema._implementations_map


def set_schema_types(
    schema: GraphQLSchema,
    *,
    types: dict[str, GraphQLNamedType],
    query: Any,
    mutation: Any,
    subscription: Any,
    implementations: Mapping[str, tuple[Iterable[Any], Iterable[Any]]],
) -> None:
    """Give a graphql-core schema its types, which `GraphQLSchema.__init__` would find by walking through all of them.

    `implementations` are (objects, interfaces) by the name of the interface that they implement.
    """
    schema.type_map = types
    schema.query_type, schema.mutation_type, schema.subscription_type = query, mutation, subscription
    schema._implementations_map = {
        name: InterfaceImplementations(objects=list(objects), interfaces=list(interfaces))
        for name, (objects, interfaces) in implementations.items()
    }


# Execution


def provided_operation_name(context: ExecutionContext) -> str | None:
    """The `operationName` of the request; the public `operation_name` falls back to the document's first operation."""
    return context._provided_operation_name


def prepare_subscription(
    schema: Schema,
    *,
    query: str | None,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    context: object,
) -> tuple[ExecutionContext, list[GraphQLError]]:
    """Parse and validate a subscription with the schema's extensions, and what is wrong with it, but run nothing.

    Strawberry's own `subscribe` does the same (`_create_execution_context`, `_prepare_operation_sync`), but is
    asynchronous and runs the operation right away. Raises what it raises for an operation of another kind.
    """
    execution = schema._create_execution_context(
        query=query,
        allowed_operation_types=(OperationType.SUBSCRIPTION,),
        variable_values=variables,
        context_value=context,
        operation_name=operation_name,
    )
    extensions = schema.get_extensions(sync=True)
    for extension in extensions:
        extension.execution_context = execution
    runner = schema.create_extensions_runner(execution, extensions)
    with runner.operation():
        failed = schema._prepare_operation_sync(execution, runner)
    return execution, list(failed.errors or ()) if failed is not None else []
