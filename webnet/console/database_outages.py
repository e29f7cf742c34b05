"""The answer of every address while the database is not available, or to what took too long: a sentence and no trace.

The GraphQL view answers most of its outages itself.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from webnet.accounts import known_devices
from webnet.accounts.authentication import request_id
from webnet.api.http.addresses import is_graphql_path
from webnet.api.http.views import wants_graphiql
from webnet.api.responses import make_error_response
from webnet.api.visibility import visible_schema
from webnet.database.outages import find_outage, leave_lost_connection
from webnet.errors import DatabaseOutage, DeadlineExceeded
from webnet.values.storable_values import is_storable_text
from webnet.values.viewer_language import for_viewer

logger = logging.getLogger(__name__)


class OutageMiddleware(SessionMiddleware):
    """Django's middleware for sessions, which also answers outages, and requests that are over their time.

    It is one class, since Django makes a response of an exception before any middleware further out can: sessions are
    the only part of the middleware that uses the database itself.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Load the session, but not by a key that no database can look up: a cookie's escapes can stand for U+0000."""
        if not is_storable_text(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The response to an outage in a view; also to that of a user or a session, which are loaded in it.

        A page that has lost its connection while it was read is made once more.
        """
        match = request.resolver_match
        if request.method in ("GET", "HEAD") and match is not None and leave_lost_connection(exception):
            try:
                made: HttpResponse = match.func(request, *match.args, **match.kwargs)
            except Exception as again:
                if _find_refusal(again) is None:
                    raise
                exception = again
            else:
                return made
        refusal = _find_refusal(exception)
        return _answer(request, refusal, exception) if refusal is not None else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Store the session. Without it, what the response says would not be true.

        Whoever has just signed in, wherever that was, gets the cookie of a known device along with the session's.
        """
        try:
            response = super().process_response(request, response)
        # Django takes any error of an UPDATE for an interrupted session.
        except (DatabaseError, SessionInterrupted, DeadlineExceeded) as error:
            refusal = _find_refusal(error)
            if refusal is None:
                raise
            return _answer(request, refusal, error)
        if known_devices.NEW_COOKIE_KEY in request.META:
            known_devices.set_cookie(request, response)
        return response


def _find_refusal(error: BaseException) -> DatabaseOutage | DeadlineExceeded | None:
    return error if isinstance(error, DeadlineExceeded) else find_outage(error)


def _answer(request: HttpRequest, refusal: DatabaseOutage | DeadlineExceeded, error: BaseException) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    if isinstance(refusal, DatabaseOutage):
        logger.warning("Request %s: the database is not available: %s", request_id(request), error)
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    if is_graphql_path(request.path_info) and not wants_graphiql(request):
        return make_error_response(request, refusal, fingerprint=visible_schema(None).fingerprint)
    # Without the request, so that no context processor asks the database for the user or the customer's menu.
    page = render_to_string(
        "webnet/unavailable.html", {"status": refusal.status, "reason": for_viewer(refusal.message)}
    )
    return HttpResponse(page, status=refusal.status, headers=headers)
