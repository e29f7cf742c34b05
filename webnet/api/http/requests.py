"""Parses a GraphQL request from an HTTP request; what is wrong with it raises BadRequest or BodyTooLarge."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from strawberry.http import GraphQLRequestData

from webnet.accounts.authentication import has_bearer
from webnet.api.errors import BadRequest
from webnet.api.http.document_ids import choose_document
from webnet.api.request.context import Context
from webnet.body_errors import BodyTooLarge
from webnet.django_internals import find_csrf_failure, find_origin_failure
from webnet.errors import show
from webnet.sentences import sentence
from webnet.values.storable_values import MAXIMUM_DEPTH, describe_text, find_unstorable, is_too_deep, show_place

MAXIMUM_BODY_BYTES = 1_048_576  # 1 MiB
# An escape that stands for U+0000 or for half of a character; JSON has no other way to write them.
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def read_request(request: HttpRequest, context: Context) -> GraphQLRequestData:
    """The operation in the body of a POST, or in the query string of a GET; its document may be named by an id.

    Raises CodedError for a document that is not trusted.
    """
    parts = _read_address(request) if request.method == "GET" else _read_body(request)
    query, variables = parts.get("query"), parts.get("variables")
    operation_name, extensions = parts.get("operationName"), parts.get("extensions")
    if not isinstance(query, str | None):
        raise BadRequest("'query' must be a string.")
    if not isinstance(variables, dict | None) or not isinstance(extensions, dict | None):
        raise BadRequest("'variables' and 'extensions' must be JSON objects, or null.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("'operationName' must be a string, or null.")
    if not _is_plain(request):
        refuse_unusable(query, variables)
    ids = parts.get("documentId"), (extensions or {}).get("persistedQuery")
    # Most requests have a document and no id, and run wherever they come from.
    if ids != (None, None) or settings.WEBNET_TRUSTED_DOCUMENTS_ONLY:
        query = choose_document(context, query=query, document_id=ids[0], persisted_query=ids[1])
    if not query or not query.strip():
        raise BadRequest("Send the document as 'query', a non-empty string, or its id as 'documentId'.")
    return GraphQLRequestData(
        query=query, variables=variables, operation_name=operation_name or None, extensions=extensions
    )


def _read_address(request: HttpRequest) -> dict[str, Any]:
    try:
        unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode()
        parts: dict[str, Any] = request.GET.dict()
    # Django decodes it by the charset of the header `Content-Type`, which may be none of texts at all.
    except (UnicodeError, LookupError, SuspiciousOperation) as error:
        raise BadRequest("The query string is not UTF-8, or has too many parameters.") from error
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise BadRequest(f"The query string has '{show(name)}' more than once.")
    for name in ("variables", "extensions"):
        parts[name] = _parse(parts[name].encode(errors="replace")) if parts.get(name) else None
    return parts


def _read_body(request: HttpRequest) -> dict[str, Any]:
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if not _is_json(request) or encoding != "identity":
        message = "Send the body as 'Content-Type: application/json', and not compressed."
        raise BadRequest(message, code="UNSUPPORTED_MEDIA_TYPE", status=415)
    parts = _parse(_read_bytes(request))
    if isinstance(parts, list):
        raise BadRequest("Send one operation, not a list: batching is not supported.", code="BATCHING_NOT_SUPPORTED")
    if not isinstance(parts, dict):
        raise BadRequest("The body must be a JSON object.")
    return parts


def _read_bytes(request: HttpRequest) -> bytes:
    limit = getattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", None) or MAXIMUM_BODY_BYTES
    try:
        body = request.body
    except RequestDataTooBig:
        body = None
    except (UnreadablePostError, ValueError) as error:  # the latter for a length that is no number
        raise BadRequest("The body is incomplete.") from error
    if body is None or len(body) > min(limit, MAXIMUM_BODY_BYTES):
        raise BodyTooLarge(min(limit, MAXIMUM_BODY_BYTES))
    return body


def _parse(text: bytes) -> Any:
    # orjson would be faster, but makes floats of integers beyond 64 bits, so that nobody could refuse them.
    try:
        return json.loads(text.decode(), parse_constant=_refuse_constant, object_pairs_hook=_make_object)
    except RecursionError as error:
        raise BadRequest("The body is nested too deeply.", code="QUERY_TOO_DEEP") from error
    except ValueError as error:  # also of Python, for a number of more than 4,300 digits
        raise BadRequest("The body is not valid JSON.") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")  # Python's parser takes NaN and Infinity.


def _make_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; raises BadRequest for one that names a member twice, of which readers keep different ones."""
    made = dict(members)
    if len(made) < len(members):
        repeated = next(name for name, count in Counter(name for name, _ in members).items() if count > 1)
        raise BadRequest(f"The body has the member '{show(repeated)}' more than once in an object.")
    return made


def _is_plain(request: HttpRequest) -> bool:
    """Whether the body can't hold what is refused below, which is quickly seen of most."""
    if request.method == "GET" or _SUSPICIOUS.search(request.body):
        return False
    return request.body.count(b"[") + request.body.count(b"{") <= MAXIMUM_DEPTH


def refuse_unusable(query: str | None, variables: Any) -> None:
    """Reject texts that can't be stored, and nesting that could exhaust the stack of recursive code.

    Numbers are left to the types of the variables, which say where they are wrong.
    """
    if is_too_deep(variables):
        raise BadRequest(f"'variables' are nested deeper than {MAXIMUM_DEPTH} levels.", code="QUERY_TOO_DEEP")
    for place, message in find_unstorable({"query": query, "variables": variables}, describe=describe_text):
        raise BadRequest(sentence("'{place}' {message}, such as U+0000.", place=show_place(place), message=message))


def require_intent(request: HttpRequest) -> None:
    """Raise BadRequest if another site's page may have sent the request in the name of the browser's user.

    Browsers never send a bearer token on their own. Everything else but a read needs one of two proofs: it is JSON from
    an origin of WEBNET_CORS_ORIGINS, or it passes Django's CSRF check. Without a session there is nothing to abuse but
    `signIn`, with which a page could sign its visitor in as somebody else: that needs no token, but a page that sends
    it must be webnet's own or one of the origins in the settings.
    """
    if has_bearer(request) or _is_json_of_allowed_origin(request):
        return
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        reason = find_csrf_failure(request)
    else:
        reason = find_origin_failure(request) if request.method == "POST" else None
    if reason:
        message = (
            f"The CSRF check failed: {reason} Send the value of the cookie '{settings.CSRF_COOKIE_NAME}' as "
            "'X-CSRFToken', or JSON from a page on one of WEBNET_CORS_ORIGINS."
        )
        raise BadRequest(message, code="CSRF_FAILED", status=403)


def _is_json_of_allowed_origin(request: HttpRequest) -> bool:
    """Whether a page that may use the session has sent the request, and no form.

    Browsers set `Origin` themselves. Where it is sent more than once, its values are joined, and equal no entry. Any
    page can have the origin "null", whatever the settings say.
    """
    origin = request.META.get("HTTP_ORIGIN", "null")
    is_allowed = origin != "null" and origin in settings.CORS_ALLOWED_ORIGINS
    return request.method == "POST" and _is_json(request) and is_allowed


def _is_json(request: HttpRequest) -> bool:
    """Whether the media type is JSON's, whatever its parameters are."""
    return request.content_type == "application/json"
