"""Errors of whole requests: their stable codes, and bugs that show their request id and nothing else.

Expected refusals are no errors but members of a result union (`refusals`). These are the codes that
`errors[].extensions.code` can have; each is as stable as the schema:

    code                        HTTP   when
    BAD_REQUEST                 400    the body is no JSON, no object, too nested, or has parts of wrong types
    BATCHING_NOT_SUPPORTED      400    the body is a list of operations
    UNSUPPORTED_MEDIA_TYPE      415    the body is not `application/json`
    BODY_TOO_LARGE              413    the body is larger than the server takes
    METHOD_NOT_ALLOWED          405    neither GET nor POST, or GET with something that is no query
    CSRF_FAILED                 403    a session without its CSRF token
    GRAPHQL_PARSE_FAILED        400    the document is no GraphQL
    GRAPHQL_VALIDATION_FAILED   400    the document does not fit the schema
    BAD_USER_INPUT              400    a variable's or argument's value does not fit its type
    OPERATION_NOT_FOUND         400    `operationName` names none of the operations, or is missing among several
    QUERY_TOO_DEEP              400    fields are nested too deep
    TOO_MANY_ALIASES            400    fields have too many aliases
    TOO_MANY_TOKENS             400    the document is too long
    UNAUTHENTICATED             401    the bearer token is no good (200 where a field needs somebody signed in)
    CUSTOMER_NOT_FOUND          404    the customer in the address does not exist, or not for this viewer
    CUSTOMER_REQUIRED           200    the field needs one customer, and the request names none
    BAD_CURSOR                  200    `after` or `before` is no cursor of this list in this order
    BAD_PAGE                    200    `first` or `last` is negative, or both are given
    EVENT_STREAM_REQUIRED       406    a subscription was sent by a client that takes no event stream
    PLUGIN_FAILED               200    the plugin named in `extensions.plugin` failed in this field
    PLUGIN_NOT_EFFECTIVE        200    ends a stream: a plugin that it needs is not effective any more; or this row's
                                       customer does not have the plugin of a field that can't be null
    SLOW_CONSUMER               200    ends a stream: too many events wait for the client
    SERVER_STOPPING             200    ends a stream: subscribe again, with the last cursor
    INTERNAL_ERROR              200    a bug; `extensions.requestId` finds it in the log (500 outside of a field)
"""

from __future__ import annotations

import logging
import re

from graphql import (
    GraphQLError,
    GraphQLSyntaxError,
)

from webnet.errors import RequestError, WebnetError

logger = logging.getLogger("webnet.api")

INTERNAL_MESSAGE = "Internal error"


class BadRequest(RequestError):
    """The HTTP request is no GraphQL request; `status` is its HTTP status."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, *, code: str | None = None, status: int = 400) -> None:
        super().__init__(message, code=code)
        self.status = status


class BadCursor(RequestError):
    """The cursor was not made by this list in this order."""

    code = "BAD_CURSOR"

    def __init__(self) -> None:
        super().__init__("This is no cursor of this list in this order: take one from its edges or its pageInfo.")


class BadPage(RequestError):
    """`first` and `last` make no page."""

    code = "BAD_PAGE"


class CodedError(GraphQLError):
    """Something is wrong with the document that graphql-core has no rule for; `code` says what."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, extensions={"code": code})


def describe(error: GraphQLError, *, request_id: str) -> GraphQLError:
    """The error as clients see it: with its code, and of a bug with nothing but its request id."""
    if error.extensions and "code" in error.extensions:
        return error
    cause = find_cause(error)
    if isinstance(cause, FieldFailed):
        return _tell_failure(error, cause, request_id)
    if cause is None and (error.path is None or is_about_input(error)):
        return _with_code(error, _read_message(error), _classify(error))
    if isinstance(cause, RecursionError) and error.path is None:
        return _with_code(error, "The document or a variable is nested too deep.", "QUERY_TOO_DEEP")
    if isinstance(cause, WebnetError):
        return _with_code(error, cause.message, cause.code)
    logger.error("Request %s failed at %s: %s", request_id, error.path, error.message, exc_info=cause)
    return _with_code(error, INTERNAL_MESSAGE, "INTERNAL_ERROR", requestId=request_id)


def _tell_failure(error: GraphQLError, failed: FieldFailed, request_id: str) -> GraphQLError:
    words = "Request %s: plugin '%s' failed in %s, at %s: mend it there, or raise a refusal of webnet.sdk.errors."
    logger.error(words, request_id, failed.plugin, failed.place, error.path, exc_info=failed.error)
    message = f"The plugin '{failed.plugin}' failed."
    return _with_code(error, message, "PLUGIN_FAILED", plugin=failed.plugin, requestId=request_id)


def find_cause(error: GraphQLError) -> Exception | None:
    """What a resolver raised; None where graphql-core itself found the request wanting."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _with_code(error: GraphQLError, message: str, code: str, **more: str) -> GraphQLError:
    place = (error.nodes, error.source, error.positions, error.path)
    return GraphQLError(message, *place, extensions={"code": code, **more})


def _classify(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "TOO_MANY_TOKENS" if "Parsing aborted" in error.message else "GRAPHQL_PARSE_FAILED"
    return "BAD_USER_INPUT" if is_about_input(error) else "GRAPHQL_VALIDATION_FAILED"


_VALUE_AT_FAULT = re.compile(r"(?s)((?:Variable|Argument) '[^']+' has invalid value[^:]*: [^:]*?)(?:, found)?: .*")


def _read_message(error: GraphQLError) -> str:
    """The message without the value at fault, which may be a secret."""
    match = _VALUE_AT_FAULT.match(error.message)
    return f"{match[1]}." if match else error.message


class FieldFailed(Exception):
    """What a plugin's field raised, or why its value fits no answer; `customer_id` owns its row, if known."""

    def __init__(self, error: BaseException, *, plugin: str, place: str, customer_id: int | None = None) -> None:
        super().__init__(place)
        self.error = error
        self.plugin = plugin
        self.place = place
        self.customer_id = customer_id


def is_about_input(error: GraphQLError) -> bool:
    """Whether graphql-core could not take a variable or an argument; it tells so by its words alone."""
    return "has invalid value" in error.message


class SubscriptionEnded(RequestError):
    """Why a subscription ends before its client ends it; `code` says what the client can do."""
