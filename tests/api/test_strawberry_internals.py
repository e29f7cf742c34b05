"""The private names that `webnet/api/strawberry_internals.py` uses are there, and do what it takes them to do.

Everything here is built with the libraries alone, so that a red test points at a new version of one of them.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

import pytest
import strawberry
import strawberry_django
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models.functions import Length
from graphql import GraphQLObjectType, GraphQLSchema, GraphQLUnionType
from graphql.type.schema import InterfaceImplementations
from strawberry.resolvers import is_default_resolver
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext, validate_document
from strawberry.types.execution import ExecutionContext
from strawberry_django.optimizer import OptimizerConfig, optimize
from strawberry_django.pagination import apply_window_pagination

from webnet.api import strawberry_internals as internals

LOOK = "Look at {} in the library's source, and change webnet/api/strawberry_internals.py with it."
Item = TypeVar("Item")


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Cat(Named):
    lives: int = 9


@strawberry.type
class Dog(Named):
    barks: bool = True


@strawberry.type
class Box(Generic[Item]):
    item: Item


@strawberry.type
class Query:
    plain: str = "plain"

    @strawberry.field
    def pets(self) -> list[Cat | Dog]:
        return [Cat(name="Tom"), Dog(name="Rex")]

    @strawberry.field
    def name(self, info: strawberry.Info) -> str:
        return type(info).__name__

    @strawberry.field
    def cat_box(self) -> Box[Cat]:
        return Box(item=Cat(name="Tom"))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


@pytest.fixture
def schema() -> strawberry.Schema:
    return strawberry.Schema(query=Query, types=[Cat, Dog])


def test_a_decorated_class_and_its_instances_have_their_definition() -> None:
    message = LOOK.format("strawberry.types.object_type, `__strawberry_definition__`")

    assert internals.definition_of(Cat).name == "Cat", message
    assert internals.definition_of(Cat(name="Tom")) is internals.definition_of(Cat), message


def test_fields_that_are_added_to_a_type_are_in_a_schema_that_is_built_later() -> None:
    @strawberry.type
    class Root:
        first: int = 1

    @strawberry.type
    class More:
        second: int = 2

    internals.fields_of(Root).extend(internals.fields_of(More))

    built = strawberry.Schema(query=Root)
    assert "second: Int!" in built.as_str(), LOOK.format("GraphQLCoreConverter.from_object, which reads `fields`")


def test_a_generic_type_knows_what_its_variables_stand_for() -> None:
    field = next(each for each in internals.fields_of(Query) if each.python_name == "cat_box")

    assert internals.type_arguments_of(field.type) == {"Item": Cat}, LOOK.format("`type_var_map` of a definition")
    assert internals.type_arguments_of(object) == {}


def test_a_type_of_rows_knows_its_model() -> None:
    @strawberry_django.type(Group)
    class Team:
        name: str

    assert internals.model_of(Team) is Group, LOOK.format("strawberry_django.type, `__strawberry_django_definition__`")
    assert internals.model_of(Cat) is None


def test_a_field_of_graphql_core_leads_back_to_strawberrys(schema: strawberry.Schema) -> None:
    query = internals.graphql_schema_of(schema).query_type
    assert query is not None

    found = internals.strawberry_field(query.fields["pets"])

    assert found is next(each for each in internals.fields_of(Query) if each.python_name == "pets"), LOOK.format(
        "GraphQLCoreConverter.DEFINITION_BACKREF"
    )


def test_default_resolvers_can_be_told_from_written_ones(schema: strawberry.Schema) -> None:
    query = internals.graphql_schema_of(schema).query_type
    assert query is not None

    found = {name: is_default_resolver(query.fields[name].resolve) for name in ("plain", "pets")}  # type: ignore[arg-type]

    assert found == {"plain": True, "pets": False}, LOOK.format("strawberry.resolvers.is_default_resolver")


def test_the_optimizer_names_the_column_that_it_prefetches_by() -> None:
    from strawberry_django import optimizer, pagination

    message = LOOK.format("strawberry_django.optimizer, where it calls `get_queryset` of a relation")
    assert "_strawberry_related_field_id=" in inspect.getsource(optimizer), message
    assert "_strawberry_related_field_id" in inspect.getsource(pagination), message
    assert callable(optimize)
    assert callable(apply_window_pagination)
    assert internals.related_column({"_strawberry_related_field_id": "author_id"}) == "author_id"


def test_a_type_without_hints_is_one_that_the_optimizer_leaves_alone() -> None:
    def find_group(root: Any) -> str:
        return str(root.name)

    def show(**fields: Any) -> bool:
        """Whether the optimizer changes a query for any of the fields, where it may not leave out columns."""
        body = {"__annotations__": {name: kind for name, (kind, _) in fields.items()}}
        body |= {name: value for name, (_, value) in fields.items() if value is not None}
        kind = strawberry_django.type(Permission)(type("Row", (), body))
        changed: list[bool] = []

        def read(info: strawberry.Info) -> list[Any]:
            rows = Permission.objects.order_by()
            found = optimize(rows, info, config=OptimizerConfig(enable_only=False))
            changed.append(str(found.query) != str(rows.query) or bool(found._prefetch_related_lookups))  # type: ignore[attr-defined]
            return []

        root = type("Query", (), {"rows": strawberry.field(read, graphql_type=list[kind])})  # type: ignore[valid-type]
        selected = " ".join(name if part[0] is not Shown else f"{name} {{ model }}" for name, part in fields.items())
        schema = strawberry.Schema(query=strawberry.type(root), config=StrawberryConfig(auto_camel_case=False))
        answer = schema.execute_sync(f"{{ rows {{ {selected} }} }}")
        assert answer.errors is None
        assert internals.has_optimizer_hints(kind) or not changed[0], LOOK.format("strawberry_django.optimizer")
        return internals.has_optimizer_hints(kind)

    @strawberry_django.type(ContentType)
    class Shown:
        model: str

    plain = {"name": (str, None), "codename": (str, None)}
    assert not show(**plain)
    assert not show(**plain, label=(str, strawberry_django.field(resolver=find_group)))
    assert not show(name=(str, strawberry.field(resolver=find_group)))
    assert show(**plain, content_type=(Shown, None))
    assert show(kind=(str, strawberry_django.field(field_name="content_type__model")))
    assert show(label=(str, strawberry_django.field(resolver=find_group, select_related=["content_type"])))
    assert show(length=(int, strawberry_django.field(annotate=Length("name"))))


def test_info_is_made_of_two_values() -> None:
    class OwnInfo(strawberry.Info[Any, Any]):
        pass

    seen: list[Any] = []

    @strawberry.type
    class Root:
        @strawberry.field
        def name(self, info: strawberry.Info) -> str:
            seen.extend([info, internals.rebuild_info(OwnInfo, info)])
            return "done"

    strawberry.Schema(query=Root).execute_sync("{ name }")

    given, rebuilt = seen
    message = LOOK.format("strawberry.types.info.Info, `_raw_info` and `_field`")
    assert set(inspect.signature(strawberry.Info).parameters) == {"_raw_info", "_field"}, message
    assert isinstance(rebuilt, OwnInfo), message
    assert internals.raw_info_of(rebuilt) is internals.raw_info_of(given), message
    assert internals.raw_info_of(given).field_nodes[0].name.value == "name", message
    assert internals.field_of(given).python_name == "name", message


def test_a_schema_knows_its_types_by_name(schema: strawberry.Schema) -> None:
    message = LOOK.format("strawberry.Schema, `_schema` and `schema_converter.type_map`")

    assert isinstance(internals.graphql_schema_of(schema), GraphQLSchema), message
    assert internals.list_types(schema)["Cat"].definition is internals.definition_of(Cat), message
    assert internals.graphql_name_of(schema, Cat) == "Cat", LOOK.format("GraphQLCoreConverter.from_maybe_optional")


def test_a_copy_of_a_schema_executes_over_its_own_types(schema: strawberry.Schema) -> None:
    full = internals.graphql_schema_of(schema)
    part = GraphQLSchema(query=full.query_type, assume_valid=True)
    vars(schema)["cached"] = "a value of the original"

    copied = internals.copy_schema(schema, part, without={"cached"})

    message = LOOK.format("strawberry.Schema.__init__, which sets what `copy_schema` copies")
    assert internals.graphql_schema_of(copied) is part, message
    assert internals.graphql_schema_of(schema) is full, message
    assert not hasattr(copied, "cached")
    assert copied.as_str() == schema.as_str(), LOOK.format("strawberry.printer, which reads DEFINITION_BACKREF")
    result = copied.execute_sync("{ pets { ... on Cat { lives } ... on Dog { barks } } }")
    assert result.errors is None, message
    assert result.data == {"pets": [{"lives": 9}, {"barks": True}]}, message


def test_the_info_of_a_copy_leads_to_the_copy() -> None:
    seen: list[Any] = []

    @strawberry.type
    class Root:
        @strawberry.field
        def name(self, info: strawberry.Info) -> str:
            seen.append(info.schema)
            return "done"

    schema = strawberry.Schema(query=Root)
    part = GraphQLSchema(query=internals.graphql_schema_of(schema).query_type, assume_valid=True)
    copied = internals.copy_schema(schema, part, without=())

    copied.execute_sync("{ name }")

    assert seen == [copied], LOOK.format("strawberry.types.info.Info.schema, which reads `_strawberry_schema`")


def test_a_copied_union_resolves_to_the_types_of_its_own_schema(schema: strawberry.Schema) -> None:
    full = internals.graphql_schema_of(schema)
    union = next(kind for kind in full.type_map.values() if isinstance(kind, GraphQLUnionType))
    remade = GraphQLUnionType(**union.to_kwargs())
    part = GraphQLSchema(query=full.query_type, assume_valid=True)
    part.type_map = {**part.type_map, union.name: remade}

    internals.copy_schema(schema, part, without=())

    assert remade.resolve_type is not None
    assert remade.resolve_type is not union.resolve_type, LOOK.format("StrawberryUnion.get_type_resolver")


def test_graphql_core_keeps_the_implementations_of_interfaces(schema: strawberry.Schema) -> None:
    full = internals.graphql_schema_of(schema)
    found = internals.implementations_of(full)
    message = LOOK.format("graphql.type.schema.GraphQLSchema, `_implementations_map`")
    assert {kind.name for kind in found["Named"].objects} == {"Cat", "Dog"}, message

    part = GraphQLSchema(assume_valid=True)
    cat: Any = full.type_map["Cat"]
    internals.set_schema_types(
        part,
        types={**part.type_map, "Named": full.type_map["Named"], "Cat": cat},
        query=full.query_type,
        mutation=None,
        subscription=None,
        implementations={"Named": ([cat], [])},
    )

    named: Any = full.type_map["Named"]
    assert part.get_implementations(named) == InterfaceImplementations(objects=[cat], interfaces=[]), message
    assert [kind.name for kind in part.get_possible_types(named)] == ["Cat"], message
    assert part.query_type is full.query_type
    assert isinstance(part.get_type("Cat"), GraphQLObjectType), message


def test_an_operation_name_that_was_not_sent_is_none(schema: strawberry.Schema) -> None:
    def make(name: str | None) -> ExecutionContext:
        return ExecutionContext(
            query="query first { plain }",
            schema=schema,
            allowed_operations=[],
            context=None,
            root_value=None,
            variables=None,
            provided_operation_name=name,
            operation_extensions=None,
        )

    message = LOOK.format("strawberry.types.execution.ExecutionContext, `_provided_operation_name`")
    assert internals.provided_operation_name(make(None)) is None, message
    assert internals.provided_operation_name(make("first")) == "first", message


def test_a_subscription_is_prepared_without_being_run() -> None:
    schema = strawberry.Schema(query=Query, subscription=Subscription)

    def prepare(query: str) -> Any:
        return internals.prepare_subscription(schema, query=query, variables=None, operation_name=None, context=None)

    message = LOOK.format("strawberry.Schema, `_create_execution_context` and `_prepare_operation_sync`")
    execution, errors = prepare("subscription { ticks }")
    assert errors == [], message
    assert execution.graphql_document is not None, message
    assert prepare("subscription { unknown }")[1], message
    assert prepare("subscription {")[1], message
    with pytest.raises(InvalidOperationTypeError):
        prepare("{ plain }")


def test_the_execution_context_and_the_validation_that_are_extended_are_there() -> None:
    message = LOOK.format("strawberry.schema.schema")

    signature = inspect.signature(StrawberryGraphQLCoreExecutionContext.handle_field_error)
    names = ["self", "raw_error", "return_type", "field_details_list", "path"]
    assert list(signature.parameters) == names, message
    assert list(inspect.signature(validate_document).parameters) == ["schema", "document", "validation_rules"], message
