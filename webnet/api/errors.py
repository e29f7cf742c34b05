"""Errors in GraphQL responses: their stable codes, and how exceptions are turned into them.

Expected refusals are not errors but members of a result union (`declarations.refusals`). The codes of errors are the
values of `errors[].extensions.code`, each as stable as the schema; `webnet.contract.error_codes` says what they mean.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSyntaxError,
)

from webnet.database.outages import find_outage
from webnet.errors import DatabaseOutage, RateLimited, RequestError, WebnetError, shorten, show
from webnet.sentences import sentence
from webnet.values.viewer_language import for_viewer

logger = logging.getLogger("webnet.api")

INTERNAL_MESSAGE = "Internal error"


class BadRequest(RequestError):
    """The HTTP request is not a valid GraphQL request; `status` is the HTTP status of the response."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, *, code: str | None = None, status: int = 400) -> None:
        super().__init__(message, code=code)
        self.status = status


class BadCursor(RequestError):
    """The cursor does not come from this list in this order, or from another customer's view."""

    code = "BAD_CURSOR"

    def __init__(self) -> None:
        super().__init__(
            sentence("This is not a cursor of this list in this order: use one from its edges or pageInfo.")
        )


class LogReplaced(RequestError):
    """The row that a client has got last is not in the audit log, so what it knows may never have happened."""

    code = "LOG_REPLACED"

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "The audit log is not the one that this cursor comes from, such as after a backup was restored: "
                "read everything again, and start without a cursor."
            )
        )


class BadPage(RequestError):
    """The combination of `first` and `last` is not valid."""

    code = "BAD_PAGE"


class BadValue(RequestError):
    """A value that the client gave is well-formed, but can't be used in this field."""

    code = "BAD_USER_INPUT"


class CodedError(GraphQLError):
    """A problem with the document that graphql-core has no rule for; `code` is its stable code, `more` its data."""

    def __init__(self, message: str, *, code: str, **more: Any) -> None:
        super().__init__(message, extensions={"code": code, **more})


def describe_error(error: GraphQLError, *, request_id: str) -> GraphQLError:
    """The error as clients see it: with a code; a bug is logged, and only its request id is shown."""
    if error.extensions and "code" in error.extensions:
        return error
    cause = find_cause(error)
    if outage := find_outage_behind(error):
        logger.warning("Request %s: the database is not available, at %s: %s", request_id, error.path, error.message)
        return describe_outage(error, outage)
    if isinstance(cause, FieldFailed):
        log = "Request %s: plugin '%s' failed in %s, at %s: fix it there, or raise a refusal of webnet.sdk.errors."
        logger.error(log, request_id, cause.plugin, cause.place, error.path, exc_info=cause.error)
        message = f"The plugin '{cause.plugin}' failed."
        return _with_code(error, message, "PLUGIN_FAILED", plugin=cause.plugin, requestId=request_id)
    # What a scalar raised for a value is the cause of such an error, and no bug.
    if is_about_input(error) or (cause is None and error.path is None):
        return _with_code(error, _read_message(error), _classify(error))
    if isinstance(cause, RecursionError) and error.path is None:
        return _with_code(error, "The document or a variable is nested too deeply.", "QUERY_TOO_DEEP")
    if isinstance(cause, RateLimited):
        return _with_code(error, for_viewer(cause.message), cause.code, retryAfterSeconds=cause.retry_after_seconds)
    if isinstance(cause, WebnetError):
        return _with_code(error, for_viewer(cause.message), cause.code)
    logger.error("Request %s failed at %s: %s", request_id, error.path, error.message, exc_info=cause)
    return _with_code(error, INTERNAL_MESSAGE, "INTERNAL_ERROR", requestId=request_id)


# "Cannot query field 'plugni' on type 'Query'. Did you mean 'plugin'?"
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def without_suggestions(error: GraphQLError) -> GraphQLError:
    """The error without the names of the schema that graphql-core suggests."""
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    place = (error.nodes, error.source, error.positions, error.path)
    return GraphQLError(message, *place, original_error=error.original_error, extensions=error.extensions)


def find_cause(error: GraphQLError) -> Exception | None:
    """The exception that a resolver raised; None if graphql-core itself rejected the request."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def find_outage_behind(error: GraphQLError) -> DatabaseOutage | None:
    """The outage of the database that the error comes from, also where it happened in a plugin; None for others."""
    raised = find_raised(error)
    return raised if isinstance(raised, DatabaseOutage) else find_outage(raised)


def find_raised(error: GraphQLError) -> BaseException | None:
    """As `find_cause`, but of a plugin's failure what the plugin itself raised."""
    cause = find_cause(error)
    return cause.error if isinstance(cause, FieldFailed) else cause


def describe_outage(error: GraphQLError, outage: DatabaseOutage) -> GraphQLError:
    """The error of a field that the database could not serve; the response gets its status from the original error."""
    extensions = {"code": outage.code, "retryAfterSeconds": outage.retry_after_seconds}
    place = (error.nodes, error.source, error.positions, error.path)
    return GraphQLError(for_viewer(outage.message), *place, original_error=outage, extensions=extensions)


def _with_code(error: GraphQLError, message: str, code: str, **more: str | int) -> GraphQLError:
    place = (error.nodes, error.source, error.positions, error.path)
    return GraphQLError(message, *place, extensions={"code": code, **more})


def _classify(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return next((code for ending, code in _PARSING_ENDS.items() if ending in error.message), "GRAPHQL_PARSE_FAILED")
    if error.message == "Maximum introspection depth exceeded":
        return "QUERY_TOO_DEEP"
    return "BAD_USER_INPUT" if is_about_input(error) else "GRAPHQL_VALIDATION_FAILED"


# How graphql-core's messages end when it stops parsing, and why it does; comments count like tokens.
_PARSING_ENDS = {
    "nested too deeply. Parsing aborted.": "QUERY_TOO_DEEP",
    "tokens. Parsing aborted.": "TOO_MANY_TOKENS",
    "comments. Parsing aborted.": "TOO_MANY_TOKENS",
}


# "Variable '$password' has invalid value: Expected ..., found: 'secret'": the value comes last.
# The exception of a scalar may repeat it: "..., but encountered error 'invalid literal: secret'; found: 'secret'".
# Far more than what graphql-core says before the value.
LONGEST_EXPECTATION = 2_000
_INVALID_VALUE = re.compile(
    r"(?s)((?:Variable|Argument) '[^']+' has invalid value[^:]*: [^:]*?)(?:, found|, but encountered error .*?)?: .*"
)


def _read_message(error: GraphQLError) -> str:
    """The message without the invalid value, which may be a secret, and cut: it may quote what else was sent."""
    message = shorten(error.message, LONGEST_EXPECTATION)
    match = _INVALID_VALUE.match(message)
    return show(f"{match[1]}." if match else message)


class FieldFailed(Exception):
    """A plugin's field raised an exception, or returned an invalid value; `customer_id` owns the row, if known."""

    def __init__(self, error: BaseException, *, plugin: str, place: str, customer_id: int | None = None) -> None:
        super().__init__(place)
        self.error = error
        self.plugin = plugin
        self.place = place
        self.customer_id = customer_id


def is_about_input(error: GraphQLError) -> bool:
    """Whether graphql-core rejected the value of a variable or argument; only the message of the error shows it."""
    return "has invalid value" in error.message


class SubscriptionEnded(RequestError):
    """Why the server ends a subscription; clients decide by `code` what to do next."""
