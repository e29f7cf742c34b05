"""Reads a GraphQL request out of an HTTP request; whatever is wrong with it is one BadRequest with a code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from strawberry.http import GraphQLRequestData

from webnet.accounts.authentication import has_bearer
from webnet.api.errors import BadRequest
from webnet.django_internals import find_csrf_failure

LARGEST_BODY_BYTES = 1_048_576
DEEPEST_VARIABLE = 100


def read_request(request: HttpRequest) -> GraphQLRequestData:
    """The operation that a POST's body or a GET's address asks for."""
    parts = _read_address(request) if request.method == "GET" else _read_body(request)
    query, variables = parts.get("query"), parts.get("variables")
    operation_name, extensions = parts.get("operationName"), parts.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("Send the document as 'query', a string that is not empty.")
    if not isinstance(variables, dict | None) or not isinstance(extensions, dict | None):
        raise BadRequest("'variables' and 'extensions' must be JSON objects, or null.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("'operationName' must be a string, or null.")
    _refuse_unusable(query, variables)
    return GraphQLRequestData(
        query=query, variables=variables, operation_name=operation_name or None, extensions=extensions
    )


def _read_address(request: HttpRequest) -> dict[str, Any]:
    parts: dict[str, Any] = request.GET.dict()
    for name in ("variables", "extensions"):
        parts[name] = _parse(parts[name].encode(errors="replace")) if parts.get(name) else None
    return parts


def _read_body(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise BadRequest(
            "Send the body as 'Content-Type: application/json'.", code="UNSUPPORTED_MEDIA_TYPE", status=415
        )
    parts = _parse(_read_bytes(request))
    if isinstance(parts, list):
        raise BadRequest("Send one operation, not a list: batching is not supported.", code="BATCHING_NOT_SUPPORTED")
    if not isinstance(parts, dict):
        raise BadRequest("The body must be a JSON object.")
    return parts


def _read_bytes(request: HttpRequest) -> bytes:
    limit = getattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", None) or LARGEST_BODY_BYTES
    try:
        body = request.body
    except RequestDataTooBig:
        body = None
    except UnreadablePostError as error:
        raise BadRequest("The body did not arrive whole.") from error
    if body is None or len(body) > min(limit, LARGEST_BODY_BYTES):
        message = f"The body is larger than {min(limit, LARGEST_BODY_BYTES)} bytes."
        raise BadRequest(message, code="BODY_TOO_LARGE", status=413)
    return body


def _parse(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest("This is no JSON.") from error


def _refuse_unusable(query: str, variables: Any) -> None:
    """Refuse what PostgreSQL can't store, and nesting that recursive code downstream could not take."""
    has_nul = "\0" in query or "\\u0000" in query
    level = [variables]
    for _ in range(DEEPEST_VARIABLE):
        has_nul = has_nul or any("\0" in value for value in level if isinstance(value, str))
        level = [inner for value in level for inner in _look_into(value)]
    if level:
        raise BadRequest(f"'variables' are nested deeper than {DEEPEST_VARIABLE} levels.")
    if has_nul:
        raise BadRequest("The character U+0000 can't be stored and is not taken.")


def _look_into(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return value if isinstance(value, list) else ()


def require_csrf_token(request: HttpRequest) -> None:
    """Raise unless a request that comes with a session proves that the session's own pages have sent it.

    A bearer token proves that by itself. Without either there is nothing to abuse: other sites can't send JSON here
    without being let in by CORS.
    """
    if has_bearer(request) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return
    reason = find_csrf_failure(request)
    if reason:
        message = f"The CSRF check failed: {reason} Send the cookie '{settings.CSRF_COOKIE_NAME}' as 'X-CSRFToken'."
        raise BadRequest(message, code="CSRF_FAILED", status=403)
