"""HTTP responses of the API: JSON, with a status and the headers that all of them have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from graphql import ExecutionResult as GraphQLExecutionResult
from strawberry.types import ExecutionResult

from webnet.accounts.authentication import request_id
from webnet.api.sse_frames import COMPLETE, encode_next
from webnet.errors import DatabaseOutage, DeadlineExceeded, RateLimited, WebnetError
from webnet.request_record import note_code
from webnet.values.lazy_texts import plain
from webnet.values.viewer_language import for_viewer

JSON_TYPE = "application/json"
# The media type of the GraphQL over HTTP specification, for clients that accept it.
RESPONSE_TYPE = "application/graphql-response+json"
STREAM_TYPE = "text/event-stream"

# The HTTP status of errors that prevent the execution; for all other codes, which are about the document and its
# variables, `_status_of` decides.
STATUS_BY_CODE = {"UNAUTHENTICATED": 401, "CUSTOMER_NOT_FOUND": 404, "RATE_LIMITED": 429, "INTERNAL_ERROR": 500}
# Those that come with Retry-After, if the error says when to try again.
RETRY_STATUSES = (429, 503)


def make_response(request: HttpRequest, result: ExecutionResult, *, fingerprint: str) -> HttpResponse:
    """The response to an operation: 200 if it was executed, even with errors in fields.

    If the document or its variables are wrong, it is 400, but 200 for clients that know plain JSON only: GraphQL over
    HTTP, 6.4.1, where a status of 4xx means that the answer may come from somebody else than a GraphQL server.

    It is 503 if a field is missing because of the database, so that proxies and clients try again, and 504 if the time
    was over.
    """
    body = make_body(result)
    status = 200 if "data" in body else _status_of(body.get("errors", ()), default=_status_of_rejected(request))
    if any((error.extensions or {}).get("code") == DeadlineExceeded.code for error in result.errors or ()):
        status = DeadlineExceeded.status
    if any(isinstance(error.original_error, DatabaseOutage) for error in result.errors or ()):
        status = DatabaseOutage.status
    return _make_json(request, body, status=status, fingerprint=fingerprint)


def make_kept_response(request: HttpRequest, body: bytes, *, etag: str, fingerprint: str) -> HttpResponse:
    """The response of these bytes, which say nothing of a person and may be kept by the client; 304 if it has them."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"} if request.method == "GET" else {}
    response = _make_response(request, body, status=200, fingerprint=fingerprint, headers=headers)
    if request.method != "GET":
        return response
    conditional = get_conditional_response(request, etag=etag, response=response) or response
    conditional["Webnet-Schema"] = fingerprint
    return conditional


def make_body(result: ExecutionResult | GraphQLExecutionResult) -> dict[str, Any]:
    """The body of a response, without `data` if nothing was executed."""
    errors: list[Mapping[str, Any]] = [plain(error.formatted) for error in result.errors or ()]
    has_run = result.data is not None or any("path" in error for error in errors)
    body: dict[str, Any] = {"data": result.data} if has_run else {}
    if errors:
        body["errors"] = errors
    if result.extensions:
        body["extensions"] = result.extensions
    return body


def make_error_response(request: HttpRequest, error: WebnetError, *, fingerprint: str) -> HttpResponse:
    """The response to a request that could not be served at all."""
    note_code(error.code)
    errors = [error_entry(request, error)]
    status = getattr(error, "status", None) or _status_of(errors, default=400)
    response = _make_json(request, {"errors": errors}, status=status, fingerprint=fingerprint)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 405:
        response["Allow"] = "GET, POST"
    return response


def error_entry(request: HttpRequest, error: WebnetError) -> dict[str, Any]:
    """The error as an entry of `errors`."""
    extensions: dict[str, Any] = {"code": error.code}
    if isinstance(error, DatabaseOutage | RateLimited):
        extensions["retryAfterSeconds"] = error.retry_after_seconds
    if error.code == "INTERNAL_ERROR":
        extensions["requestId"] = request_id(request)
    return {"message": for_viewer(error.message), "extensions": extensions}


def frame_as_stream(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response as a stream of one event, for a client that accepts nothing else; errors are left as they are."""
    accept = request.headers.get("Accept", "")
    takes_json = any(kind in accept for kind in (JSON_TYPE, RESPONSE_TYPE, "*/*", "text/html"))
    if takes_json or STREAM_TYPE not in accept or response.status_code != 200:
        return response
    del response["ETag"]  # It is that of other bytes.
    response.content = encode_next(response.content) + COMPLETE
    response["Content-Type"] = STREAM_TYPE
    return response


def _make_json(request: HttpRequest, body: Mapping[str, Any], *, status: int, fingerprint: str) -> HttpResponse:
    headers = {}
    waits = [error.get("extensions", {}).get("retryAfterSeconds") for error in body.get("errors", ())]
    if status in RETRY_STATUSES and any(waits):
        headers["Retry-After"] = str(max(filter(None, waits)))
    return _make_response(request, encode_json(body), status=status, fingerprint=fingerprint, headers=headers)


def _make_response(
    request: HttpRequest, content: bytes, *, status: int, fingerprint: str, headers: Mapping[str, str]
) -> HttpResponse:
    accepts_graphql = RESPONSE_TYPE in request.headers.get("Accept", "")
    content_type = f"{RESPONSE_TYPE}; charset=utf-8" if accepts_graphql else JSON_TYPE
    common = {
        "Webnet-Schema": fingerprint,
        "Cache-Control": "no-store",
        "Vary": "Accept, Authorization, Cookie",
    }
    return HttpResponse(content, status=status, content_type=content_type, headers={**common, **headers})


def encode_json(body: object) -> bytes:
    """Encode the body in one line."""
    try:
        return orjson.dumps(body)
    except TypeError:  # orjson is limited to 64-bit integers, and JSON columns are not.
        return json.dumps(body, separators=(",", ":")).encode()


def compact(encoded: bytes) -> bytes:
    """A copy that takes as much memory as it has bytes, for what is kept.

    What orjson returns keeps all of the buffer that it was written into, which is 4 KiB also for `{}`.
    """
    return bytes(memoryview(encoded))


def _status_of(errors: Sequence[Mapping[str, Any]], *, default: int) -> int:
    codes = [error["extensions"]["code"] for error in errors if error.get("extensions")]
    return STATUS_BY_CODE.get(codes[0], default) if codes else default


def _status_of_rejected(request: HttpRequest) -> int:
    accept = request.headers.get("Accept", "")
    return 400 if RESPONSE_TYPE in accept or STREAM_TYPE in accept else 200
