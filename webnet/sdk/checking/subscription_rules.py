"""Rules on a plugin's subscriptions: what they stream does not fail, and is this customer's alone."""

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
from webnet.sdk.checking.captured_errors import listening
from webnet.sdk.checking.graphql_rules import FAILED, MOST_TYPES
from webnet.sdk.checking.report import Finding
from webnet.sdk.checking.two_customers import World
from webnet.sdk.scope import LeakPrevented
from webnet.sdk.trial.documents import Question

# A stream may have nothing to tell for ever.
LONGEST_SECONDS = 2.0
MOST_EVENTS = 5


def check_streams(world: World) -> Iterator[Finding]:
    """The first events of each; where ids are taken, asked with those of another customer's rows."""
    traces = world.traces_of(world.globex)
    for question in world.streams_with_ids(world.globex, most_types=MOST_TYPES):
        with listening() as heard:
            answers = _follow(world, question)
        shown, given = json.dumps(answers), json.dumps(dict(question.variables))
        found = next((text for text in sorted(traces.texts) if text in shown and text not in given), None)
        codes = {error["extensions"]["code"] for answer in answers for error in answer.get("errors", ())}
        if found is not None or any(isinstance(error, LeakPrevented) for error in heard.errors):
            message = f"it shows a customer '{found}', which is another one's"
            if found is None:
                message = "it was about to show a customer a row of another one, which webnet withheld"
            words = "narrow its rows with `info.context.rows(model)`, and find them with `info.context.get(Type, id)`"
            yield world.subject.finding("leaks.query", question.place, message, words)
        elif codes & FAILED:
            words = "let it yield what fits its type, or raise a refusal of webnet.sdk.errors"
            yield world.subject.finding("queries.failing", question.place, heard.tell(), words)


def _follow(world: World, question: Question) -> list[dict[str, Any]]:
    """The first answers, as acme's client would get them; fewer where the stream ends, or tells nothing for long."""
    request = RequestFactory().get(world.client.address, headers=world.client.headers)
    context = Context(request=request, customer_slug=world.acme.slug)
    variables = dict(question.variables)
    wanted = GraphQLRequestData(query=question.document, variables=variables, operation_name=None, extensions=None)
    executor = visible_schema(context.reading).prepare_subscription(wanted, context)
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
        async with asyncio.timeout(LONGEST_SECONDS):
            source = await _finish(executor, create_source_event_stream(executor))
            if isinstance(source, ExecutionResult):
                answers.append(source)
                return
            async with aclosing(source) as events:
                async for payload in events:
                    # On a thread, as webnet does it: resolvers may ask the database.
                    event = executor.build_per_event_executor(payload)
                    started = await sync_to_async(execute_subscription_event)(event)
                    answers.append(await _finish(executor, started))
                    if len(answers) == MOST_EVENTS:
                        return
    except TimeoutError:
        return
    except Exception as problem:  # noqa: BLE001 - the source is the plugin's; `report_errors` logs what it was
        answers.append(ExecutionResult(None, [GraphQLError(str(problem), original_error=problem, path=[])]))


async def _finish(executor: Any, begun: Any) -> Any:
    """What comes of it, at once or later."""
    return await begun if executor.is_awaitable(begun) else begun
