"""Resolvers that are called directly answer as before, and guards stay around those of plugins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from strawberry.extensions import FieldExtension

from webnet.api.engine.ownership import Ownership
from webnet.api.execution.direct_resolvers import resolve_directly
from webnet.api.execution.field_steps import OfKind, OfRequest, OfSource
from webnet.api.execution.isolation import PLUGIN, IsolatingExecutor, isolate
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import graphql_schema_of
from webnet.plugins.runtime.calls import current_call
from webnet.plugins.runtime.resolver_calls import ResolverCalls

GUARDS = ("isolation.py", "gated_fields.py", "list_lengths.py")


def caller() -> str:
    """The plugin whose code runs, as those see it who ask for the caller."""
    call = current_call()
    return call.plugin if call is not None else "the host"


class Computed:
    """An object with the code of a plugin behind an attribute."""

    @property
    def name(self) -> str:
        return caller()


class Shouting(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs).upper()


@strawberry.type
class Row:
    name: str

    @strawberry.field
    def of_self(self) -> str:
        return caller()

    @strawberry.field
    def of_info(self, info: strawberry.Info) -> str:
        return f"{caller()} at {info.path.as_list()} of {info.python_name} as {info.field_name}"

    @strawberry.field
    @staticmethod
    def of_parent(root: strawberry.Parent[Any], info: strawberry.Info) -> str:
        return f"{caller()}, {type(root).__name__}, {info.context is not None}"

    @strawberry.field(extensions=[Shouting()])
    def extended(self) -> str:
        return caller()

    @strawberry.field
    def with_argument(self, text: str = "none") -> str:
        return f"{caller()} {text}"


@strawberry.type
class Query:
    @strawberry.field
    def row(self) -> Row:
        return Computed()  # type: ignore[return-value]  # any object will do


def answer(text: str, *, plugin: str | None, is_direct: bool) -> Any:
    """The answer of a schema in which `Row` is the plugin's, by its own functions or by Strawberry's."""
    schema = strawberry.Schema(query=Query, execution_context_class=IsolatingExecutor)
    graphql = graphql_schema_of(schema)
    if is_direct:
        resolve_directly(graphql, info_class=strawberry.Info, refusals=())
    isolate(graphql, Ownership(types={"Row": plugin} if plugin else {}, fields={}))
    with ResolverCalls(customer_id=None, user_id=None) as calls:
        result = schema.execute_sync(text, context_value=SimpleNamespace(resolver_calls=lambda: calls))
    assert result.errors is None, result.errors
    return result.data["row"]


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Pear(Named):
    pass


@strawberry.type
class Apple(Named):
    pass


class Fruit:
    """What of the tree's may be shown as a pear, and only if it is said to be one."""

    name = "fruit"


@strawberry.type
class Tree:
    @strawberry.field
    def pears(self) -> list[Pear | None]:
        pears = [Pear(name="first"), Pear(name="second"), strawberry.cast(Apple, Pear(name="apple")), Pear(name="last")]
        return [*pears, Apple(name="other"), strawberry.cast(Pear, Fruit()), Fruit()]  # type: ignore[list-item]


@pytest.mark.parametrize("is_direct", [False, True])
def test_an_object_is_of_a_type_by_its_class_and_its_cast(is_direct: bool) -> None:
    schema = strawberry.Schema(query=Tree, types=[Apple], execution_context_class=IsolatingExecutor)
    if is_direct:
        resolve_directly(graphql_schema_of(schema), info_class=strawberry.Info, refusals=())

    result = schema.execute_sync("{ pears { name } }")

    names = [row and row["name"] for row in result.data["pears"]]  # type: ignore[index]
    assert names == ["first", "second", None, "last", "other", "fruit", None]
    assert [error.path for error in result.errors or ()] == [["pears", number] for number in (2, 6)]


def test_a_check_that_needs_the_viewer_is_asked_about_each_object() -> None:
    """That of plugins' rows looks whether the row is the viewer's."""
    schema = full_schema().schema.graphql
    kinds = {name: getattr(kind, "is_type_of", None) for name, kind in schema.type_map.items()}

    assert isinstance(kinds["Customer"], OfKind)
    assert kinds["Site"] is not None
    assert not isinstance(kinds["Site"], OfKind)


@pytest.mark.parametrize("is_direct", [False, True])
@pytest.mark.parametrize("plugin", [None, "shelf"])
def test_each_function_runs_as_its_plugin_and_gets_what_it_asks_for(plugin: str | None, is_direct: bool) -> None:
    text = "{ row { name ofSelf again: ofInfo ofParent extended withArgument } }"
    name = plugin or "the host"

    found = answer(text, plugin=plugin, is_direct=is_direct)

    assert found == {
        "name": name,
        "ofSelf": name,
        "again": f"{name} at ['row', 'again'] of of_info as ofInfo",
        "ofParent": f"{name}, Computed, True",
        "extended": name.upper(),
        "withArgument": f"{name} none",
    }


def test_a_resolver_of_webnet_gets_the_same_info_for_all_objects() -> None:
    fields = full_schema().schema.graphql.type_map["PluginAuditLog"].fields

    assert {name for name in ("user", "plugin", "customer") if isinstance(fields[name].resolve, OfRequest)} == {
        "user",
        "plugin",
        "customer",
    }


def test_no_resolver_of_a_plugin_is_reached_without_its_guard() -> None:
    unguarded, count = [], 0
    for kind in full_schema().schema.graphql.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            resolve: Any = getattr(field, "resolve", None)
            if resolve is None or PLUGIN not in field.extensions:
                continue
            count += 1
            for each in (resolve.read, resolve.resolve) if isinstance(resolve, OfSource) else (resolve,):
                code = getattr(each, "__code__", None)
                if code is None or not code.co_filename.endswith(GUARDS):
                    unguarded.append(f"{kind.name}.{name}")

    assert unguarded == []
    assert count > 50
