"""Rules on GraphQL: responses don't fail, don't take more SQL statements with more rows, and don't leak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from django.db import transaction
from graphql import GraphQLField, GraphQLObjectType

from webnet.api.schema import full_schema
from webnet.django_internals import allow_durable_blocks
from webnet.sdk.checking.captured_errors import CapturedErrors, capture_errors
from webnet.sdk.checking.report import RuleFinding
from webnet.sdk.checking.two_customers import Scenario, count_statements
from webnet.sdk.scope import LeakPrevented
from webnet.sdk.trial.samples import make_sample, takes_ids

NARROW_ROWS = "narrow its rows with `info.context.rows(model)`"
# Mutations and fields are called with ids of so many types at most, to bound the time of a check.
MAXIMUM_TYPES = 5
FAILED = frozenset({"INTERNAL_ERROR", "PLUGIN_FAILED"})


def check_answers(scenario: Scenario) -> Iterator[RuleFinding]:
    """No field fails for valid rows."""
    for question in scenario.questions(scenario.acme):
        with capture_errors() as captured:
            answer = scenario.ask(question)
        leaks = [error for error in captured.errors if isinstance(error, LeakPrevented)]
        if _failed(answer, captured) and not leaks:
            way_out = "return a value for every row, or raise a refusal from webnet.sdk.errors"
            yield scenario.subject.finding("queries.failing", question.place, captured.describe_last(), way_out)


def check_lists(scenario: Scenario) -> Iterator[RuleFinding]:
    """No filter and no order fails, on the first page and on the next one."""
    for question in scenario.lists():
        with capture_errors() as captured:
            answer = scenario.ask(question)
            cursor = _find_cursor(answer.get("data")) if "$after" in question.document else None
            if cursor is not None:
                answer = scenario.ask(replace(question, variables={**question.variables, "after": cursor}))
        if _failed(answer, captured):
            way_out = "make every lookup and order one that the columns support"
            yield scenario.subject.finding("queries.failing", question.place, captured.describe_last(), way_out)


def check_answers_of_mutations(scenario: Scenario) -> Iterator[RuleFinding]:
    """No mutation fails for input that its types allow; what each changes is rolled back."""
    for question in scenario.mutations(maximum_types=MAXIMUM_TYPES):
        with capture_errors() as captured, allow_durable_blocks(transaction.atomic()):
            answer = scenario.ask(question)
            transaction.set_rollback(True)
        if _failed(answer, captured):
            way_out = "return the payload that it declares, or raise a refusal from webnet.sdk.errors"
            yield scenario.subject.finding("mutations.failing", question.place, captured.describe_last(), way_out)


def measure_growth(scenario: Scenario) -> Callable[[], Iterator[RuleFinding]]:
    """Count the SQL statements of each field now. Call the result once there are more rows: it reports what grew."""
    few = {each.place: count_statements(partial(scenario.ask, each)) for each in scenario.questions(scenario.acme)}

    def compare() -> Iterator[RuleFinding]:
        for question in scenario.questions(scenario.acme):
            before, after = few.get(question.place), count_statements(partial(scenario.ask, question))
            if before is not None and after > before:
                message = f"{after} SQL statements with more rows, {before} with few (N+1)"
                way_out = "read related rows for all rows at once: as a relation of graphql.type, or for peers_of(row)"
                yield scenario.subject.finding("queries.growing", question.place, message, way_out)

    return compare


def watch_answers(scenario: Scenario) -> Callable[[], Iterator[RuleFinding]]:
    """Query all fields now. Call the result once the other customer has rows: it reports which responses show any."""
    questions = scenario.questions(scenario.acme)
    before = {each.place: scenario.show(each) for each in questions}
    # Responses that differ between two calls, such as times, can't be compared.
    steady = {each.place for each in questions if scenario.show(each) == before[each.place]}

    def compare() -> Iterator[RuleFinding]:
        traces = scenario.traces_of(scenario.globex)
        for question in questions:
            with capture_errors() as captured:
                after = scenario.show(question)
            place, found = question.place, traces.found_in(after)
            if any(isinstance(error, LeakPrevented) for error in captured.errors):
                message = "it returned a row of another customer, which webnet withheld"
            elif found is not None:
                message = f"it shows '{found}', which belongs to another customer"
            elif place in steady and after != before[place]:
                message = "its result for a customer depends on rows of another one"
            else:
                continue
            yield scenario.subject.finding(_leak_rule(place), place, message, NARROW_ROWS)
        yield from _check_foreign_ids(scenario)

    return compare


def check_mutations(scenario: Scenario) -> Iterator[RuleFinding]:
    """No mutation changes another customer's rows when it is called with their ids."""
    before = scenario.stored_of(scenario.globex)
    ids = scenario.traces_of(scenario.globex).ids
    for name, field in _fields_with_ids(scenario):
        for each in islice(ids.values(), MAXIMUM_TYPES):
            document, variables = _write_mutation(name, field, each[0])
            scenario.client.run(document, **variables)
            if scenario.stored_of(scenario.globex) != before:
                message = "called with the id of another customer's row, it changed that row"
                way_out = "find the row with `info.context.get(Type, id)`, which only finds this customer's"
                yield scenario.subject.finding("leaks.mutation", f"Mutation.{name}", message, way_out)
                before = scenario.stored_of(scenario.globex)
                break


def _check_foreign_ids(scenario: Scenario) -> Iterator[RuleFinding]:
    """Fields that are queried with the other customer's ids show nothing of its rows."""
    traces = scenario.traces_of(scenario.globex)
    for question in scenario.questions_with_ids(scenario.globex, maximum_types=MAXIMUM_TYPES):
        shown = scenario.show(question)
        given = {str(value) for value in question.variables.values()}
        found = next((text for text in sorted(traces.texts - given) if text in shown), None)
        if found is not None:
            message = f"queried with the id of another customer's row, it shows '{found}'"
            way_out = "find the row with `graphql.node()` or `info.context.find(Type, id)`"
            yield scenario.subject.finding(_leak_rule(question.place), question.place, message, way_out)


def _failed(answer: Mapping[str, Any], captured: CapturedErrors) -> bool:
    """Whether something in the response failed; a refusal of the plugin's own is none.

    Clients are told that a value was wrong where a database refuses it. But the values here fit their types.
    """
    return captured.has_refused or any(
        error.get("extensions", {}).get("code") in FAILED for error in answer.get("errors", ())
    )


def _find_cursor(answer: Any) -> str | None:
    """The end cursor of the one page in the response."""
    while isinstance(answer, dict) and "pageInfo" not in answer:
        answer = next(iter(answer.values()), None)
    return answer["pageInfo"]["endCursor"] if isinstance(answer, dict) else None


def _leak_rule(place: str) -> str:
    return "leaks.node" if place.startswith("node(") else "leaks.query"


def _fields_with_ids(scenario: Scenario) -> Iterator[tuple[str, GraphQLField]]:
    kind = full_schema().schema.graphql.mutation_type
    for name, field in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
        is_own = scenario.subject.owners.fields.get(("Mutation", name)) == scenario.subject.name
        if is_own and any(takes_ids(argument.type) for argument in field.args.values()):
            yield name, field


def _write_mutation(name: str, field: GraphQLField, id: str) -> tuple[str, Mapping[str, Any]]:  # noqa: A002
    taken = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    passed = ", ".join(f"{each}: ${each}" for each in field.args)
    values = {each: make_sample(argument.type, id=id, with_ids=True) for each, argument in field.args.items()}
    return f"mutation({taken}) {{ {name}({passed}) {{ __typename }} }}", values
