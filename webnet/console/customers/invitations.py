"""The invitations to a customer, for its admins: the list, and a new one, whose address is shown once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from webnet.console.customers.members import refuse_members
from webnet.console.frame.entry import for_customer
from webnet.console.frame.field_errors import find_errors, status_of
from webnet.console.frame.page_frame import CustomerFrame, Refused
from webnet.console.frame.paging import read_choice, read_page
from webnet.customers.models import Role

# The choices of the list, and their names.
CHOICES = {
    "OPEN": gettext_lazy("Open"),
    "ACCEPTED": gettext_lazy("Accepted"),
    "EXPIRED": gettext_lazy("Expired"),
    "REVOKED": gettext_lazy("Revoked"),
    "": gettext_lazy("All"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def list_invitations(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """The invitations and the form for a new one.

    The answer to the form shows the new address itself: after a redirect, the server would have to keep it for that.
    """
    if request.method != "POST":
        return _show(frame)
    typed = {name: request.POST.get(name, "").strip() for name in ("username", "email", "role", "reason")}
    wanted = {**typed, "username": typed["username"] or None, "email": typed["email"] or None}
    try:
        made = frame.change("invite_member", {"input": {"customer": frame.customer.slug, **wanted}})
    except Refused as refused:
        return _show(frame, refusal=refused, typed=typed)
    return _show(frame, made=made)


@require_POST
@for_customer
def revoke_invitation(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """End an open invitation."""
    wanted = {"customer": frame.customer.slug, "id": request.POST.get("id", "")}
    try:
        revoked = frame.change("revoke_invitation", {"input": wanted})["invitation"]
    except Refused as refused:
        return _show(frame, refusal=refused)
    person = revoked["username"] or revoked["email"]
    messages.success(request, _("The invitation of %(person)s was revoked.") % {"person": person})
    return redirect("member-invitations", customer=frame.customer.slug)


def _show(
    frame: CustomerFrame,
    *,
    refusal: Refused | None = None,
    typed: Mapping[str, str] | None = None,
    made: Mapping[str, Any] | None = None,
) -> HttpResponse:
    is_chosen = "status" in frame.request.GET
    chosen = read_choice(frame.request, "status", CHOICES, label=_("State")) if is_chosen else "OPEN"
    found = frame.run("invitations", {"status": [chosen] if chosen else None, **read_page(frame.request)})
    customer = found["currentCustomer"]
    if customer["invitations"] is None:
        return refuse_members(frame)
    context = {
        "customer": customer,
        "invitations": customer["invitations"],
        "choices": CHOICES,
        "chosen": chosen,
        "roles": [each.name for each in Role],
        "typed": typed or {"role": Role.VIEWER.name},
        "made": made,
        "refusal": refusal,
        "errors": find_errors(refusal) if refusal else {},
    }
    return frame.render("webnet/customers/invitations.html", context, status=status_of(refusal))
