"""GraphiQL's page, with the choice of the customer as whom the API is seen."""

from __future__ import annotations

from functools import partial

from csp import constants as csp
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render

from webnet.api.errors import BadRequest
from webnet.api.responses import make_error_response
from webnet.api.visibility import visible_schema
from webnet.console.frame.entry import for_customer, for_platform
from webnet.console.frame.page_frame import Frame
from webnet.console.frame.paging import read_text

# GraphiQL's editor places lines and cursors by style attributes, and its style sheet contains fonts. The page holds
# nothing of plugins, and nothing of customers and users but their names.
GRAPHIQL_SOURCES = {"font-src": [csp.SELF, "data:"], "style-src": [csp.SELF, csp.UNSAFE_INLINE]}
# Whoever has more customers searches.
CUSTOMERS_LISTED = 20


def show_page(request: HttpRequest, customer: str | None) -> HttpResponseBase:
    """What a browser gets that opens the API's address.

    There is no page where only trusted documents run: it could send nothing, not even its introspection.
    """
    if settings.WEBNET_TRUSTED_DOCUMENTS_ONLY:
        message = "This server runs trusted documents only, so it has no GraphiQL: see WEBNET_TRUSTED_DOCUMENTS_ONLY."
        off = BadRequest(message, code="DOCUMENT_NOT_TRUSTED", status=403)
        return make_error_response(request, off, fingerprint=visible_schema(None).fingerprint)
    if customer is None:
        return _show(request)
    return _show_of_customer(request, customer=customer)


@for_platform
def _show(request: HttpRequest, frame: Frame) -> HttpResponseBase:
    """GraphiQL on the view of all of the viewer's customers."""
    return _render(request, frame)


@for_customer
def _show_of_customer(request: HttpRequest, frame: Frame) -> HttpResponseBase:
    """GraphiQL on the view of one customer."""
    return _render(request, frame)


def _render(request: HttpRequest, frame: Frame) -> HttpResponseBase:
    get_token(request)  # GraphiQL's requests need the cookie.
    search = read_text(request, "find")
    # A customer's view has that customer alone.
    everywhere = frame if frame.customer is None else Frame(request, None)
    customers = everywhere.run("customers", {"search": search or None, "first": CUSTOMERS_LISTED})
    context = {"customers": customers["customers"], "search": search, "is_searching": "find" in request.GET}
    template = "webnet/graphiql/views.html" if frame.htmx else "webnet/graphiql/graphiql.html"
    view = csp_replace(GRAPHIQL_SOURCES)(partial(render, template_name=template, context=context))
    return view(request)
