"""The views of the API: queries and mutations over HTTP, and event streams."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from strawberry.http import GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from webnet.accounts.authentication import request_id
from webnet.api.engine.limits import charge_operation
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.error_reporting import count_raiser, report_errors
from webnet.api.errors import INTERNAL_MESSAGE, BadRequest, CodedError, find_raised
from webnet.api.events.sse import OpenedStream, open_stream
from webnet.api.events.threads import serve_on_thread
from webnet.api.http.kept_answers import AnswerKey, find_kept_answer, keep_answer, make_key, note_operation
from webnet.api.http.requests import read_request, require_intent
from webnet.api.request import rates
from webnet.api.request.context import Context
from webnet.api.responses import frame_as_stream, make_error_response, make_kept_response, make_response
from webnet.api.visibility import visible_schema
from webnet.containment import is_operators
from webnet.database.outages import find_outage, leave_lost_connection
from webnet.errors import NotFound, Unauthenticated, WebnetError
from webnet.plugins.changes import pauses
from webnet.plugins.runtime import failures
from webnet.request_record import note_code

logger = logging.getLogger(__name__)

# A query string with one of these asks for an answer, whoever sends it.
DOCUMENT_PARAMETERS = frozenset({"query", "documentId", "extensions"})

ALLOWED_OPERATIONS = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}

Page = Callable[[HttpRequest, str | None], HttpResponseBase]


@csrf_exempt  # `require_intent` checks it, and its errors are JSON.
def graphql_view(request: HttpRequest, customer: str | None = None, *, show_page: Page) -> HttpResponseBase:
    """The view of `/graphql/`, and of `/graphql/<customer>/`; a browser that opens it gets the page."""
    if wants_graphiql(request):
        return show_page(request, customer)
    # Also for who accepts an event stream: a mutation is served like any other write.
    return frame_as_stream(request, respond(request, customer, subscribe=refuse_subscription))


@csrf_exempt
async def graphql_stream_view(
    request: HttpRequest, customer: str | None = None
) -> HttpResponse | StreamingHttpResponse:
    """The same for clients that accept an event stream, which is the response to a subscription.

    Clients that accept nothing else also get the response to a query as a stream.
    """
    opened = await serve_on_thread(request.path, open_or_respond, request, customer)
    if isinstance(opened, OpenedStream):
        return await opened.respond()
    return frame_as_stream(request, opened)


def open_or_respond(request: HttpRequest, customer: str | None) -> HttpResponse | OpenedStream:
    """An open stream for a subscription, or the response to anything else."""
    # The language that the middleware found is not that of this thread.
    with translation.override(request.LANGUAGE_CODE):
        return respond(request, customer, subscribe=open_stream)


Subscribed = TypeVar("Subscribed", HttpResponse, "HttpResponse | OpenedStream")
Subscribe = Callable[[HttpRequest, GraphQLRequestData, Context, Schema], Subscribed]


def respond(request: HttpRequest, customer: str | None, *, subscribe: Subscribe[Subscribed]) -> Subscribed:
    """The response; for a subscription, what `subscribe` returns."""
    schema: Schema | None = None
    context: Context | None = None
    try:
        try:
            context, schema = open_context(request, customer)
        except DatabaseError as error:
            if not leave_lost_connection(error):
                raise
            context, schema = open_context(request, customer)
        # From here on, errors too carry the fingerprint of the schema that the viewer sees.
        return execute(request, context, schema, subscribe)
    except WebnetError as error:
        return make_error_response(request, error, fingerprint=_fingerprint_of(schema))
    except BaseException as error:
        if is_operators(error):
            raise
        if outage := find_outage(error):
            logger.warning("Request %s: the database is not available: %s", request_id(request), error)
            return make_error_response(request, outage, fingerprint=_fingerprint_of(schema))
        logger.exception("Request %s failed.", request_id(request))
        count_raiser(error, context)
        bug = WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR")
        return make_error_response(request, bug, fingerprint=_fingerprint_of(schema))


def _fingerprint_of(schema: Schema | None) -> str:
    """That of the viewer's schema, or of what everybody sees while nobody knows who asks."""
    return (schema or visible_schema(None)).fingerprint


def open_context(request: HttpRequest, customer: str | None) -> tuple[Context, Schema]:
    """Authenticate the request, and find the schema of the viewer; raises WebnetError if it is not allowed at all.

    The request is charged here, so that one that is refused pays as well, and one that can't pay is not parsed.
    """
    if request.method not in ALLOWED_OPERATIONS:
        raise BadRequest("GraphQL is served by GET and POST.", code="METHOD_NOT_ALLOWED", status=405)
    require_intent(request)
    try:
        context = Context(request=request, customer_slug=customer)
    except (Unauthenticated, NotFound):
        rates.charge(request, None, points=rates.STRANGER_POINTS)
        raise
    rates.charge(request, context.identity, points=rates.REQUEST_POINTS)
    if request.method == "GET" and not context.is_signed_in:
        raise Unauthenticated
    return context, visible_schema(context.reading if context.is_signed_in else None)


def execute(request: HttpRequest, context: Context, schema: Schema, subscribe: Subscribe[Subscribed]) -> Subscribed:
    """Execute the operation of the request; raises WebnetError if it can't be executed at all."""
    try:
        wanted = read_request(request, context)
    except CodedError as error:
        return make_answer(request, context, schema, None, ExecutionResult(data=None, errors=[error]))
    key = make_key(context, schema, wanted)
    kept = find_kept_answer(context, key)
    if kept is not None:
        note_operation(kept, context)
        refusal = charge_operation(context, kept.cost)
        if refusal is not None:
            return make_answer(request, context, schema, key, ExecutionResult(data=None, errors=[refusal]))
        return make_kept_response(request, kept.body, etag=kept.etag, fingerprint=schema.fingerprint)
    try:
        result = run_operation(wanted, context, schema, allowed=ALLOWED_OPERATIONS[request.method or ""])
        if any(leave_lost_connection(find_raised(error)) for error in result.errors or ()):
            with suppress(InvalidOperationTypeError):  # a mutation, which may have changed something
                context = context.afresh(platform_token=None)
                result = run_operation(wanted, context, schema, allowed={OperationType.QUERY})
    except CannotGetOperationTypeError:
        message = "'operationName' must be the name of one of the document's operations."
        result = ExecutionResult(data=None, errors=[CodedError(message, code="OPERATION_NOT_FOUND")])
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            return subscribe(request, wanted, context, schema)
        message = f"A {error.operation_type.value} can't be sent by {request.method}."
        raise BadRequest(message, code="METHOD_NOT_ALLOWED", status=405) from error
    return make_answer(request, context, schema, key, result)


def make_answer(
    request: HttpRequest, context: Context, schema: Schema, key: AnswerKey | None, result: ExecutionResult
) -> HttpResponse:
    """The response to an operation that was executed or refused; what it depends on decides whether it is kept."""
    if result.errors:
        result.errors = report_errors(result.errors, context)
        for each in result.errors:
            note_code((each.extensions or {}).get("code", ""))
    if failures.counter.has_counted():  # also in a hook, which is no error of the request
        pauses.pause_at_once()
    response = make_response(request, result, fingerprint=schema.fingerprint)
    kept = keep_answer(context, key, response.content) if not result.errors else None
    if kept is None or request.method != "GET":  # A client keeps no answer to a POST.
        return response
    return make_kept_response(request, kept.body, etag=kept.etag, fingerprint=schema.fingerprint)


def run_operation(
    wanted: GraphQLRequestData, context: Context, schema: Schema, *, allowed: set[OperationType]
) -> ExecutionResult:
    """Execute the operation if it is one of the allowed kinds."""
    with context.resolver_calls():
        return schema.execute_sync(
            wanted.query,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
            allowed_operation_types=allowed,
        )


def refuse_subscription(*_: object) -> HttpResponse:
    """Refuse a subscription from a client that does not accept an event stream."""
    message = "The response to a subscription is an event stream: send 'Accept: text/event-stream'."
    raise BadRequest(message, code="EVENT_STREAM_REQUIRED", status=406)


def wants_graphiql(request: HttpRequest) -> bool:
    """Whether a browser has opened the URL."""
    is_page = request.method in ("GET", "HEAD") and "text/html" in request.headers.get("Accept", "")
    return is_page and DOCUMENT_PARAMETERS.isdisjoint(request.GET)
