"""Rules on subscriptions: their events don't fail and don't leak."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.test import RequestFactory
from graphql import ExecutionResult, GraphQLError, create_source_event_stream, execute_subscription_event
from strawberry.http import GraphQLRequestData

from webnet.api.error_reporting import report_errors
from webnet.api.request.context import Context
from webnet.api.visibility import visible_schema
from webnet.sdk.checking.captured_errors import capture_errors
from webnet.sdk.checking.graphql_rules import FAILED, MAXIMUM_TYPES
from webnet.sdk.checking.report import RuleFinding
from webnet.sdk.checking.two_customers import Scenario
from webnet.sdk.scope import LeakPrevented
from webnet.sdk.trial.documents import Question

# A stream may never send an event.
TIMEOUT_SECONDS = 2.0
MAXIMUM_EVENTS = 5


def check_streams(scenario: Scenario) -> Iterator[RuleFinding]:
    """The first events of each subscription are valid and show no rows of another customer, even with their ids."""
    traces = scenario.traces_of(scenario.globex)
    for question in scenario.streams_with_ids(scenario.globex, maximum_types=MAXIMUM_TYPES):
        with capture_errors() as captured:
            answers = _follow(scenario, question)
        shown, given = json.dumps(answers), json.dumps(dict(question.variables))
        found = next((text for text in sorted(traces.texts) if text in shown and text not in given), None)
        codes = {error["extensions"]["code"] for answer in answers for error in answer.get("errors", ())}
        if found is not None or any(isinstance(error, LeakPrevented) for error in captured.errors):
            message = f"it shows '{found}', which belongs to another customer"
            if found is None:
                message = "it returned a row of another customer, which webnet withheld"
            way_out = "narrow its rows with `info.context.rows(model)`, and find them with `info.context.get(Type, id)`"
            yield scenario.subject.finding("leaks.query", question.place, message, way_out)
        elif codes & FAILED:
            way_out = "yield values of its type, or raise a refusal from webnet.sdk.errors"
            yield scenario.subject.finding("queries.failing", question.place, captured.describe_last(), way_out)


def _follow(scenario: Scenario, question: Question) -> list[dict[str, Any]]:
    """The first events as acme's client gets them; fewer if the stream ends or the timeout expires."""
    request = RequestFactory().get(scenario.client.address, headers=scenario.client.headers)
    context = Context(request=request, customer_slug=scenario.acme.slug)
    variables = dict(question.variables)
    request_data = GraphQLRequestData(
        query=question.document, variables=variables, operation_name=None, extensions=None
    )
    executor = visible_schema(context.reading).prepare_subscription(request_data, context)
    answers: list[ExecutionResult] = []
    if isinstance(executor, list):
        answers.append(ExecutionResult(None, executor))
    else:
        async_to_sync(_read)(executor, answers)
    return [
        {"data": answer.data, "errors": [each.formatted for each in report_errors(answer.errors, context)]}
        for answer in answers
    ]


async def _read(executor: Any, answers: list[ExecutionResult]) -> None:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            source = await _finish(executor, create_source_event_stream(executor))
            if isinstance(source, ExecutionResult):
                answers.append(source)
                return
            async with aclosing(source) as events:
                async for payload in events:
                    # On a thread, like webnet itself does: resolvers may query the database.
                    event = executor.build_per_event_executor(payload)
                    started = await sync_to_async(execute_subscription_event)(event)
                    answers.append(await _finish(executor, started))
                    if len(answers) == MAXIMUM_EVENTS:
                        return
    except TimeoutError:
        return
    except Exception as problem:  # noqa: BLE001 - the source is the plugin's code; `report_errors` logs it
        answers.append(ExecutionResult(None, [GraphQLError(str(problem), original_error=problem, path=[])]))


async def _finish(executor: Any, started: Any) -> Any:
    """The result, awaited if necessary."""
    return await started if executor.is_awaitable(started) else started
