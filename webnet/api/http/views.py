"""The doors of the API: queries and mutations over HTTP, GraphiQL in a browser, and event streams."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from strawberry.http import GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from webnet.accounts.authentication import request_id
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.error_reporting import tell_errors
from webnet.api.errors import INTERNAL_MESSAGE, BadRequest
from webnet.api.events.sse import OpenedStream, open_stream
from webnet.api.events.threads import on_thread
from webnet.api.http.requests import read_request, require_csrf_token
from webnet.api.request.context import Context
from webnet.api.responses import answer, frame_as_stream, refuse
from webnet.api.visibility import visible_schema
from webnet.errors import WebnetError
from webnet.plugins.runtime import open_requests

logger = logging.getLogger(__name__)

ALLOWED_OPERATIONS = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


@csrf_exempt  # asked for by `require_csrf_token`, which answers with JSON
def graphql_view(request: HttpRequest, customer: str | None = None) -> HttpResponse:
    """`/graphql/`, and with `customer` (a slug) that customer's view."""
    return respond(request, customer, subscribe=refuse_subscription)


@csrf_exempt
async def graphql_stream_view(
    request: HttpRequest, customer: str | None = None
) -> HttpResponse | StreamingHttpResponse:
    """The same for clients that accept an event stream: it is how a subscription is answered.

    Those that take nothing else get their answer to a query as one, too.
    """
    opened = await on_thread(open_or_respond, request, customer)
    if isinstance(opened, OpenedStream):
        return await opened.respond()
    return frame_as_stream(request, opened)


def open_or_respond(request: HttpRequest, customer: str | None) -> HttpResponse | OpenedStream:
    """A stream that was opened, or the answer to everything else."""
    with open_requests.working(request.path):
        return respond(request, customer, subscribe=open_stream)


Subscribed = TypeVar("Subscribed", HttpResponse, "HttpResponse | OpenedStream")
Subscribe = Callable[[HttpRequest, GraphQLRequestData, Context, Schema], Subscribed]


def respond(request: HttpRequest, customer: str | None, *, subscribe: Subscribe[Subscribed]) -> Subscribed:
    """The answer, or what `subscribe` makes of a subscription."""
    if wants_graphiql(request):
        return show_graphiql(request, customer)
    return answering(request, visible_schema(None), lambda: enter(request, customer, subscribe))


def answering(request: HttpRequest, schema: Schema, serve: Callable[[], Subscribed]) -> Subscribed:
    """What it serves; or the refusal that it raises, under the name of the schema that holds so far."""
    try:
        return serve()
    except WebnetError as error:
        return refuse(request, error, fingerprint=schema.fingerprint)
    except (Exception, SystemExit):
        logger.exception("Request %s failed.", request_id(request))
        bug = WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR")
        return refuse(request, bug, fingerprint=schema.fingerprint)


def enter(request: HttpRequest, customer: str | None, subscribe: Subscribe[Subscribed]) -> Subscribed:
    """Serve by the schema of whoever asks. Raises WebnetError for those who are let in nowhere."""
    if request.method not in ALLOWED_OPERATIONS:
        raise BadRequest("GraphQL is served by GET and POST.", code="METHOD_NOT_ALLOWED", status=405)
    require_csrf_token(request)
    context = Context(request=request, customer_slug=customer)
    schema = visible_schema(context.reading if context.is_signed_in else None)
    return answering(request, schema, lambda: serve(request, context, schema, subscribe))


def serve(request: HttpRequest, context: Context, schema: Schema, subscribe: Subscribe[Subscribed]) -> Subscribed:
    """Run what is asked for. Raises WebnetError for what can't be run at all."""
    wanted = read_request(request)
    try:
        result = execute(wanted, context, schema)
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            return subscribe(request, wanted, context, schema)
        message = f"A {error.operation_type.value} can't be sent by {request.method}."
        raise BadRequest(message, code="METHOD_NOT_ALLOWED", status=405) from error
    return answer(request, result, fingerprint=schema.fingerprint)


def execute(wanted: GraphQLRequestData, context: Context, schema: Schema) -> ExecutionResult:
    """What came of the operation, with errors as clients see them. Raises InvalidOperationTypeError."""
    method = context.request.method or ""
    try:
        result = schema.execute_sync(
            wanted.query,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
            allowed_operation_types=ALLOWED_OPERATIONS[method],
        )
    except CannotGetOperationTypeError as error:
        message = "'operationName' must name one of the document's operations."
        raise BadRequest(message, code="OPERATION_NOT_FOUND") from error
    result.errors = tell_errors(result.errors, context)
    return result


def refuse_subscription(*_: object) -> HttpResponse:
    """For those who take no event stream, the only way in which a subscription is answered."""
    message = "A subscription is answered as an event stream: send 'Accept: text/event-stream'."
    raise BadRequest(message, code="EVENT_STREAM_REQUIRED", status=406)


def wants_graphiql(request: HttpRequest) -> bool:
    """Whether a browser asks for the address itself."""
    is_page = request.method in ("GET", "HEAD") and "query" not in request.GET
    return is_page and "text/html" in request.headers.get("Accept", "")


@never_cache
def show_graphiql(request: HttpRequest, customer: str | None) -> HttpResponse:
    """GraphiQL's page, with the CSRF cookie that its requests need."""
    get_token(request)
    page = {
        "graphql_url": request.path,
        "sign_in_url": f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}",
        "sign_out_url": resolve_url("sign-out"),
        "username": request.user.get_username(),
        "customer": customer,
    }
    return render(request, "webnet/graphiql.html", page)
