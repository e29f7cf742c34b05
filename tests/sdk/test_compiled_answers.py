"""Webnet's answers are those of graphql-core's own executor and Strawberry's own resolvers, byte for byte.

`make test` compares the answers to the same few documents each time; `make fuzz` to many, and others each time. In most
of them, some fields fail. `tests/api/test_compiled_selection.py` has a schema in which anything may go wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from random import Random, randrange
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from graphql import GraphQLField, GraphQLObjectType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from tests.api.client import GraphQLClient
from tests.databases import one_database_is_enough
from tests.fuzzing import EXAMPLES as FUZZ_EXAMPLES
from tests.generated_documents import GeneratedDocument, sample
from tests.sdk.test_noninterference import World, ask, cases, world  # noqa: F401 - the fixture
from webnet.api import visibility
from webnet.api.engine.list_lengths import cut_lists
from webnet.api.engine.ownership import is_built_in
from webnet.api.execution.compiled_selection import CompiledExecutor
from webnet.api.execution.field_steps import OfSource
from webnet.api.execution.gated_fields import gate_added_fields
from webnet.api.execution.isolation import PLUGIN, isolate
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import strawberry_field
from webnet.errors import WebnetError
from webnet.plugins.gate.effective import BoundedCache

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True), pytest.mark.slow]

EXAMPLES = FUZZ_EXAMPLES or 12
FIRST_SEED = randrange(10**9) if FUZZ_EXAMPLES else 0  # noqa: S311 - it is no secret
REPLACED = ("execute_fields", "collect_and_execute_subfields", "complete_iterable_value")
Resolve = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_schemas() -> Iterator[None]:
    """One that is derived while fields fail would have their failures as well."""
    yield
    visibility._derived.clear()


class Reference:
    """Answers without what is compiled and called directly; everything that guards a resolver is wrapped around it."""

    def __init__(self) -> None:
        full = full_schema()
        types = full.schema.graphql.type_map
        kinds = [kind for kind in types.values() if isinstance(kind, GraphQLObjectType) and not is_built_in(kind)]
        converter = full.schema.schema_converter
        self.derived = BoundedCache(64)
        self.resolvers: list[tuple[GraphQLField, Resolve]] = []
        made = {}
        for kind in kinds:
            fields = {
                name: GraphQLField(**{**each.to_kwargs(), "resolve": converter.from_resolver(described)})
                for name, each in kind.fields.items()
                if (described := strawberry_field(each)) is not None and not described.extensions and not each.args
            }
            made[kind.name] = GraphQLObjectType(kind.name, fields)
        schema: Any = SimpleNamespace(type_map=made)
        isolate(schema, full.owners)
        gate_added_fields(schema, full.owners)
        cut_lists(schema)
        for kind in kinds:
            for name, each in made[kind.name].fields.items():
                if kind.fields[name].subscribe is None:
                    self.resolvers.append((kind.fields[name], each.resolve))

    @contextmanager
    def answering(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patched:
            for name in REPLACED:
                patched.setattr(CompiledExecutor, name, getattr(StrawberryGraphQLCoreExecutionContext, name))
            for field, resolve in self.resolvers:
                patched.setattr(field, "resolve", resolve)
            patched.setattr(visibility, "_derived", self.derived)
            yield


@contextmanager
def failing(random: Random) -> Iterator[None]:
    """Some fields fail in the block, the same ones of all schemas that are known."""
    full = full_schema().schema.graphql
    # Not those of plugins, which would be paused after a few failures; their schemas would be others then.
    names = sorted(
        (kind.name, name)
        for kind in full.type_map.values()
        for name, each in getattr(kind, "fields", {}).items()
        if PLUGIN not in each.extensions
    )
    chosen = {each: random.randrange(4) for each in random.sample(names, len(names) // random.choice([5, 20, 100]))}
    derived = [each.graphql for each in visibility._derived._values.values()]
    changed: dict[int, GraphQLField] = {}
    with pytest.MonkeyPatch.context() as patched:
        for schema in (full, *derived):
            for (kind, name), way in chosen.items():
                field = getattr(schema.type_map.get(kind), "fields", {}).get(name)
                if getattr(field, "resolve", None) is not None and id(field) not in changed:
                    changed[id(field)] = field
                    patched.setattr(field, "resolve", fail(field.resolve, way))
        yield


def fail(resolve: Resolve, way: int) -> Resolve:
    def spoil() -> Any:
        if way == 0:
            raise ValueError("made up")
        if way == 1:
            raise WebnetError("made up")
        return None if way == 2 else ValueError("made up")

    def failing(source: Any, info: Any, **arguments: Any) -> Any:
        return spoil()

    return OfSource(lambda source: spoil(), failing) if isinstance(resolve, OfSource) else failing


def ask_counting(client: GraphQLClient, document: GeneratedDocument, failures: Random | None) -> tuple[Any, list[str]]:
    """The answer, and the statements that it took."""
    reset_queries()  # Django remembers so many only.
    with failing(failures) if failures is not None else nullcontext(), CaptureQueriesContext(connection) as captured:
        answer = ask(client, document)
    return answer, [each["sql"] for each in captured.captured_queries]


def test_answers_are_those_of_graphql_core(world: World, settings: Any) -> None:  # noqa: F811 - the fixture
    for name in ("ADDRESS", "USER", "TOKEN"):  # Else most answers of a long run would say that there are too many.
        setattr(settings, f"WEBNET_{name}_POINTS_PER_MINUTE", 0)
    reference, asked = Reference(), cases(world)
    differences, texts, with_errors, with_data = [], set(), 0, 0
    for client in world.clients.values():  # so that each schema is derived before something fails in it
        client.run("{ __typename }")
        with reference.answering():
            client.run("{ __typename }")

    for seed in range(FIRST_SEED, FIRST_SEED + EXAMPLES):
        who, view, document = sample(asked, seed=seed)
        answers = {}
        # What is first may fill caches for the other one: with the order changing, neither runs more statements.
        for name in sorted(("compiled", "expected"), reverse=seed % 2 == 1):
            with reference.answering() if name == "expected" else nullcontext():
                failures = Random(seed) if seed % 3 else None  # noqa: S311 - which fields fail, is no secret
                answers[name] = ask_counting(world.clients[who, view], document, failures)
        (first, first_sql), (second, second_sql) = answers.values()
        if first != second or len(second_sql) > len(first_sql):
            differences.append(f"seed {seed}, {who} at {view}: {document}\n{answers}")
        texts.add(document.text)
        with_errors += '"errors"' in first[2]
        with_data += '"data":{' in first[2]

    assert not differences, "\n\n".join(differences[:5])
    # Else it would say little.
    assert len(texts) >= EXAMPLES * 0.9
    assert with_errors >= EXAMPLES / 4
    assert with_data >= EXAMPLES / 2
