"""The API tokens that are valid for one customer alone, for its admins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from webnet.console.account.tokens import revoke
from webnet.console.frame.entry import for_customer, not_allowed
from webnet.console.frame.page_frame import CustomerFrame
from webnet.console.frame.paging import read_page


@require_safe
@for_customer
def list_customer_tokens(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """The tokens with their owners."""
    tokens = frame.run("customer_tokens", read_page(request))["currentCustomer"]["apiTokens"]
    if tokens is None:
        return not_allowed(frame, _("Only admins see the API tokens of a customer."))
    return frame.render("webnet/customers/tokens.html", {"tokens": tokens})


@require_POST
@for_customer
def revoke_customer_token(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """Revoke one of them, whoever it belongs to."""
    revoke(request, frame)
    return redirect("tokens", customer=frame.customer.slug)
