"""GraphiQL's page, with the choice of the customer as whom the API is seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from csp import constants as csp
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token

from webnet.api.errors import BadRequest
from webnet.api.http.views import wants_graphiql
from webnet.api.responses import make_error_response
from webnet.api.visibility import visible_schema
from webnet.console.frame.entry import for_customer, for_platform
from webnet.console.frame.page_frame import Frame
from webnet.console.frame.paging import read_text

# GraphiQL's editor places lines and cursors by style attributes, and its style sheet contains fonts. The page holds
# nothing of plugins, and of users their names.
GRAPHIQL_SOURCES = {"font-src": [csp.SELF, "data:"], "style-src": [csp.SELF, csp.UNSAFE_INLINE]}
# Whoever has more customers searches.
CUSTOMERS_LISTED = 20

ApiView = Callable[..., HttpResponse]


def with_graphiql(view: ApiView) -> ApiView:
    """The API's view, which shows GraphiQL where a browser opens its address.

    There is none where only trusted documents run: it could send nothing, not even its introspection.
    """

    @wraps(view)
    def view_or_page(request: HttpRequest, customer: str | None = None) -> HttpResponseBase:
        if not wants_graphiql(request):
            return view(request, customer)
        if settings.WEBNET_TRUSTED_DOCUMENTS_ONLY:
            message = (
                "This server runs trusted documents only, so it has no GraphiQL: see WEBNET_TRUSTED_DOCUMENTS_ONLY."
            )
            off = BadRequest(message, code="DOCUMENT_NOT_TRUSTED", status=403)
            return make_error_response(request, off, fingerprint=visible_schema(None).fingerprint)
        if customer is None:
            return show_graphiql(request)
        return show_customer_graphiql(request, customer=customer)

    return view_or_page


@for_platform
@csp_replace(GRAPHIQL_SOURCES)
def show_graphiql(request: HttpRequest, frame: Frame) -> HttpResponse:
    """GraphiQL on the view of all of the viewer's customers."""
    return _render(request, frame)


@for_customer
@csp_replace(GRAPHIQL_SOURCES)
def show_customer_graphiql(request: HttpRequest, frame: Frame) -> HttpResponse:
    """GraphiQL on the view of one customer."""
    return _render(request, frame)


def _render(request: HttpRequest, frame: Frame) -> HttpResponse:
    get_token(request)  # GraphiQL's requests need the cookie.
    search = read_text(request, "find")
    # A customer's view has that customer alone.
    everywhere = frame if frame.customer is None else Frame(request, None)
    customers = everywhere.run("customers", {"search": search or None, "first": CUSTOMERS_LISTED})
    context = {"customers": customers["customers"], "search": search, "is_searching": "find" in request.GET}
    template = "webnet/graphiql/views.html" if frame.htmx else "webnet/graphiql/graphiql.html"
    return frame.render(template, context)
