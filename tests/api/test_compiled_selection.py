"""Compiled selections answer as graphql-core does, and call the same resolvers, each once, in the same order.

In the schema, `troubled_schema.py`, anything may go wrong at any place. Of webnet's own, see
`tests/sdk/test_compiled_answers.py`.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import ExecutionResult, build_schema, execute, parse, subscribe
from graphql.pyutils import Undefined
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as Executor

from tests.api.troubled_schema import (
    SCALARS,
    SCHEMA,
    World,
    coerce_odd,
)
from tests.fuzzing import EXAMPLES, examples
from tests.generated_documents import GeneratedDocument, documents
from webnet.api.execution.compiled_selection import CompiledExecutor
from webnet.api.execution.field_steps import OfSource


def run(executor: type[Executor], document: GeneratedDocument, world: World) -> tuple[str, list[Any]]:
    """The answer, with all of its errors, and what was called."""

    def start() -> Any:
        return execute(
            SCHEMA,
            parse(document.text),
            context_value=world,
            variable_values=document.variables,
            executor_class=executor,
        )

    async def run_in_loop() -> ExecutionResult:
        result = start()
        return result if isinstance(result, ExecutionResult) else await result

    return describe(asyncio.run(run_in_loop()) if world.is_async else start()), world.calls


def describe(result: ExecutionResult) -> str:
    errors = [(repr(error), error.formatted, repr(error.original_error)) for error in result.errors or ()]
    return json.dumps([result.data, errors], default=repr)


def assert_same(document: GeneratedDocument, **options: Any) -> str:
    expected, expected_calls = run(Executor, document, World(**options))
    found, calls = run(CompiledExecutor, document, World(**options))
    assert found == expected
    assert calls == expected_calls
    return found


DOCUMENTS = documents(SCHEMA)


@dataclass
class Holder:
    value: Any

    def read(self) -> Any:
        return self.value


@pytest.mark.slow
@examples(EXAMPLES or 25)
@given(DOCUMENTS, st.sampled_from([0.0, 0.03, 0.2]), st.booleans())
def test_any_document_is_answered_as_graphql_core_does(document: GeneratedDocument, trouble: float, is_async: bool):
    assert_same(document, trouble=trouble, is_async=is_async)


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("operation", ["query", "mutation"])
def test_each_field_may_fail_in_each_way(operation: str, is_async: bool):
    leaf = "__typename name word size whole ratio flag key colour odd odds echo other: echo(numbers: [1], colour: RED)"
    branch = f"name needed {{ {leaf} }} all {{ {leaf} }} grid {{ name whole }} words numbers"
    parts = f"fragment B on Branch {{ {branch} leaf {{ {leaf} }} leaves {{ name }} }}"
    things = "named { name ... on Leaf { whole } } either { ...B ... on Leaf { odd } } things { __typename ...B }"
    text = f"{operation} {{ %s {{ ...B {things} branch {{ ...B }} branches(first: 2) {{ ...B {things} }} }} }} {parts}"
    answers = [
        assert_same(GeneratedDocument(text % f"x{number}: branch", {}), trouble=trouble, is_async=is_async)
        for number in range(9)
        for trouble in (0.0, 0.03, 0.1)
    ]

    # Else it would say little.
    assert len(set(answers)) > len(answers) / 2
    for trace in (
        "Cannot return null",
        "cannot represent",
        "Broken",
        "is even",
        "Expected Iterable",
        "Expected value",
        "code': 'X",
    ):
        assert any(trace in answer for answer in answers), trace


@pytest.mark.parametrize("is_required", [False, True])
def test_each_value_is_shown_or_refused_as_by_graphql_core(is_required: bool):
    values = [None, Undefined, 2**31 - 1, -(2**31) - 1, *(value for each in SCALARS.values() for value in each)]
    kinds = [f"{name}!" if is_required else name for name in SCALARS]
    fields = " ".join(f"f{number}: {kind}" for number, kind in enumerate(kinds))
    schema = build_schema(f"type Query {{ row: Row }} type Row {{ {fields} }} enum Colour {{ RED GREEN }} scalar Odd")
    schema.type_map["Odd"].coerce_output_value = coerce_odd
    for each in schema.type_map["Row"].fields.values():
        each.resolve = OfSource(Holder.read, lambda source, info: source.value)

    for value in values:
        for number in range(len(kinds)):
            document = parse(f"{{ row {{ f{number} }} }}")
            found, expected = (
                execute(schema, document, {"row": Holder(value)}, executor_class=each)
                for each in (CompiledExecutor, Executor)
            )
            assert describe(found) == describe(expected)


def test_what_is_no_error_of_a_field_ends_the_execution():
    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    schema = build_schema("type Query { word: String, other: String }")
    schema.query_type.fields["word"].resolve = OfSource(stop, stop)

    with pytest.raises(KeyboardInterrupt):
        execute(schema, parse("{ other word }"), executor_class=CompiledExecutor)


def test_a_function_that_wraps_a_resolver_of_the_source_is_called_with_all():
    schema = build_schema("type Query { word: String }")
    inner = OfSource(lambda source: "unguarded", lambda source, info: "unguarded")

    @functools.wraps(inner)
    def guard(source: Any, info: Any) -> Any:
        return f"{inner(source, info)}, but for the guard at {info.path.as_list()}"

    schema.query_type.fields["word"].resolve = guard

    answer = execute(schema, parse("{ word }"), executor_class=CompiledExecutor)

    assert answer.data == {"word": "unguarded, but for the guard at ['word']"}


def test_a_resolver_that_changes_its_arguments_changes_them_for_itself_alone():
    schema = build_schema("type Query { rows: [Row!] }  type Row { sum(of: [Int!]): Int }")

    def add(_source: Any, _info: Any, of: list[int]) -> int:
        of.append(10)
        return sum(of)

    schema.type_map["Row"].fields["sum"].resolve = add
    rows = {"rows": [{}, {}, {}]}

    answer = execute(
        schema, parse("{ rows { sum(of: [1]) other: sum(of: [1, 2]) } }"), rows, executor_class=CompiledExecutor
    )

    assert answer.data == {"rows": [{"sum": 11, "other": 13}] * 3}


def test_middleware_is_called_for_each_field():
    schema = build_schema("type Query { rows: [Row!] }  type Row { word: String }")
    seen = []

    def note(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
        seen.append(info.path.as_list())
        return resolve(source, info, **arguments)

    execute(
        schema,
        parse("{ rows { word } }"),
        {"rows": [{"word": "a"}, {"word": "b"}]},
        middleware=[note],
        executor_class=CompiledExecutor,
    )

    assert seen == [["rows"], ["rows", 0, "word"], ["rows", 1, "word"]]


def test_each_event_of_a_subscription_has_its_own_root_value():
    schema = build_schema("type Query { word: String }  type Subscription { row: Row }  type Row { root: String }")

    async def make_rows(*_: Any) -> Any:
        for number in range(3):
            yield {"row": {"number": number}}

    schema.subscription_type.fields["row"].subscribe = make_rows
    schema.type_map["Row"].fields["root"].resolve = lambda _source, info: str(info.root_value)

    async def collect() -> list[Any]:
        events = subscribe(schema, parse("subscription { row { root } }"), executor_class=CompiledExecutor)
        return [event.data["row"]["root"] async for event in events]

    assert asyncio.run(collect()) == [str({"row": {"number": number}}) for number in range(3)]


def test_what_was_prepared_for_one_event_is_not_kept_for_the_next():
    schema = build_schema("type Query { word: String }")
    executor: Any = CompiledExecutor.build(schema, parse("{ word }"))

    for number in range(3):
        event = executor.build_per_event_executor({"word": str(number)})
        assert event.execute_operation().data == {"word": str(number)}

    assert executor._selections == {}


def test_threads_that_execute_one_document_do_not_mix_their_answers():
    document = parse("query($n: Int) { rows { number(plus: $n) root path } }")
    schema = build_schema("type Query { rows: [Row!] }  type Row { number(plus: Int): Int, root: Int, path: String }")
    fields = schema.type_map["Row"].fields
    fields["number"].resolve = lambda source, _info, plus: source.number + plus
    fields["root"].resolve = lambda _source, info: info.root_value.number
    fields["path"].resolve = lambda _source, info: str(info.path.as_list())

    def ask(number: int) -> Any:
        root = SimpleNamespace(number=number, rows=[SimpleNamespace(number=each) for each in range(20)])
        return execute(schema, document, root, None, {"n": number}, executor_class=CompiledExecutor).data

    def expect(number: int) -> Any:
        return {
            "rows": [
                {"number": each + number, "root": number, "path": str(["rows", each, "path"])} for each in range(20)
            ]
        }

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(100)))

    assert answers == [expect(number) for number in range(100)]


def test_nothing_of_a_schema_or_a_document_is_kept():
    schema = build_schema("type Query { rows: [Row!] }  type Row { word: String }")
    document = parse("{ rows { word } }")
    gone = [weakref.ref(schema), weakref.ref(schema.type_map["Row"]), weakref.ref(document)]
    assert execute(schema, document, {"rows": [{"word": "a"}]}, executor_class=CompiledExecutor).data is not None

    del schema, document
    gc.collect()

    assert [each() for each in gone] == [None, None, None]
