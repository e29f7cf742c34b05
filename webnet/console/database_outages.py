"""The answer of every address while the database is not available: 503, without a stack trace and without the database.

The GraphQL view answers most of its outages itself.
"""

from __future__ import annotations

import logging

from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from webnet.accounts.authentication import request_id
from webnet.api.http.views import wants_graphiql
from webnet.api.responses import make_error_response
from webnet.api.visibility import visible_schema
from webnet.database.outages import find_outage, leave_lost_connection
from webnet.errors import DatabaseOutage

logger = logging.getLogger(__name__)

GRAPHQL_PATH = "/graphql/"


class OutageMiddleware(SessionMiddleware):
    """Django's middleware for sessions, which also answers outages.

    It is one class, since Django makes a response of an exception before any middleware further out can: sessions are
    the only part of the middleware that uses the database itself.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The response to an outage in a view; also to that of a user or a session, which are loaded in it.

        A page that has lost its connection while it was read is made once more.
        """
        match = request.resolver_match
        if request.method in ("GET", "HEAD") and match is not None and leave_lost_connection(exception):
            try:
                made: HttpResponse = match.func(request, *match.args, **match.kwargs)
            except Exception as again:
                if find_outage(again) is None:
                    raise
                exception = again
            else:
                return made
        outage = find_outage(exception)
        return _answer(request, outage, exception) if outage is not None else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Store the session. Without it, what the response says would not be true."""
        try:
            return super().process_response(request, response)
        except (DatabaseError, SessionInterrupted) as error:  # Django takes any error of an UPDATE for the latter.
            outage = find_outage(error)
            if outage is None:
                raise
            return _answer(request, outage, error)


def _answer(request: HttpRequest, outage: DatabaseOutage, error: BaseException) -> HttpResponse:
    logger.warning("Request %s: the database is not available: %s", request_id(request), error)
    if request.path_info.startswith(GRAPHQL_PATH) and not wants_graphiql(request):
        return make_error_response(request, outage, fingerprint=visible_schema(None).fingerprint)
    # Without the request, so that no context processor asks the database for the user or the customer's menu.
    page = render_to_string("webnet/unavailable.html", {"outage": outage})
    headers = {"Retry-After": str(outage.retry_after_seconds), "Cache-Control": "no-store"}
    return HttpResponse(page, status=outage.status, headers=headers)
