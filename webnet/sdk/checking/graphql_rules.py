"""Rules on a plugin's GraphQL: its answers do not fail, take no more SQL with more rows, and leak nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from graphql import GraphQLField, GraphQLObjectType

from webnet.api.schema import full_schema
from webnet.sdk.checking.captured_errors import listening
from webnet.sdk.checking.report import Finding
from webnet.sdk.checking.two_customers import World, count_statements
from webnet.sdk.scope import LeakPrevented
from webnet.sdk.trial.samples import make_sample, takes_ids

NARROW = "narrow its rows with `info.context.rows(model)`"
MOST_TYPES = 5
FAILED = frozenset({"INTERNAL_ERROR", "PLUGIN_FAILED"})


def check_answers(world: World) -> Iterator[Finding]:
    """No field fails on rows that are as they may be."""
    for question in world.questions(world.acme):
        with listening() as heard:
            answer = world.ask(question)
        leaks = [error for error in heard.errors if isinstance(error, LeakPrevented)]
        codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
        if codes & FAILED and not leaks:
            words = "let it answer for every row, or raise a refusal of webnet.sdk.errors"
            yield world.subject.finding("queries.failing", question.place, heard.tell(), words)


def measure_growth(world: World) -> Callable[[], Iterator[Finding]]:
    """Count the SQL statements of each field now; called later, with more rows, it tells which took more."""
    few = {each.place: count_statements(partial(world.ask, each)) for each in world.questions(world.acme)}

    def compare() -> Iterator[Finding]:
        for question in world.questions(world.acme):
            before, after = few.get(question.place), count_statements(partial(world.ask, question))
            if before is not None and after > before:
                message = f"{after} SQL statements with more rows, and {before} with few of them (N+1)"
                words = (
                    "read what rows need for all of them at once: as a relation of graphql.type, or for peers_of(row)"
                )
                yield world.subject.finding("queries.growing", question.place, message, words)

    return compare


def watch_answers(world: World) -> Callable[[], Iterator[Finding]]:
    """Ask all fields now; called once the other customer has rows, it tells which answers show any of them."""
    questions = world.questions(world.acme)
    before = {each.place: world.show(each) for each in questions}
    # What differs without any change, as a time does, can't be compared.
    steady = {each.place for each in questions if world.show(each) == before[each.place]}

    def compare() -> Iterator[Finding]:
        traces = world.traces_of(world.globex)
        for question in questions:
            with listening() as heard:
                after = world.show(question)
            place, found = question.place, traces.found_in(after)
            if any(isinstance(error, LeakPrevented) for error in heard.errors):
                message = "it was about to show a customer a row of another one, which webnet withheld"
            elif found is not None:
                message = f"it shows a customer '{found}', which is another one's"
            elif place in steady and after != before[place]:
                message = "its answer for a customer depends on rows of another one"
            else:
                continue
            yield world.subject.finding(_leak_rule(place), place, message, NARROW)
        yield from _check_foreign_ids(world)

    return compare


def check_mutations(world: World) -> Iterator[Finding]:
    """With ids of another customer's rows, no mutation changes that customer's rows."""
    before = world.stored_of(world.globex)
    ids = world.traces_of(world.globex).ids
    for name, field in _fields_with_ids(world):
        for each in islice(ids.values(), MOST_TYPES):
            document, variables = _write_mutation(name, field, each[0])
            world.client.run(document, **variables)
            if world.stored_of(world.globex) != before:
                message = "called by a customer with an id of another one's row, it changed that row"
                words = "find the row with `info.context.get(Type, id)`, which finds only this customer's"
                yield world.subject.finding("leaks.mutation", f"Mutation.{name}", message, words)
                before = world.stored_of(world.globex)
                break


def _check_foreign_ids(world: World) -> Iterator[Finding]:
    """What is asked with the other customer's ids has nothing of its rows."""
    traces = world.traces_of(world.globex)
    for question in world.questions_with_ids(world.globex, most_types=MOST_TYPES):
        shown = world.show(question)
        given = {str(value) for value in question.variables.values()}
        found = next((text for text in sorted(traces.texts - given) if text in shown), None)
        if found is not None:
            message = f"asked with an id of another customer's row, it shows '{found}'"
            words = "find the row with `graphql.node()` or `info.context.find(Type, id)`"
            yield world.subject.finding(_leak_rule(question.place), question.place, message, words)


def _leak_rule(place: str) -> str:
    return "leaks.node" if place.startswith("node(") else "leaks.query"


def _fields_with_ids(world: World) -> Iterator[tuple[str, GraphQLField]]:
    kind = full_schema().schema.graphql.mutation_type
    for name, field in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
        is_own = world.subject.owners.fields.get(("Mutation", name)) == world.subject.name
        if is_own and any(takes_ids(argument.type) for argument in field.args.values()):
            yield name, field


def _write_mutation(name: str, field: GraphQLField, id: str) -> tuple[str, Mapping[str, Any]]:  # noqa: A002
    taken = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    passed = ", ".join(f"{each}: ${each}" for each in field.args)
    values = {each: make_sample(argument.type, id=id, with_ids=True) for each, argument in field.args.items()}
    return f"mutation({taken}) {{ {name}({passed}) {{ __typename }} }}", values
