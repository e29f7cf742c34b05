"""One customer: what it has, its name, and whether it may use webnet."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, not_found
from webnet.console.frame.field_errors import find_errors, status_of
from webnet.console.frame.page_frame import CustomerFrame, Refused
from webnet.console.frame.paging import read_switch


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def show_overview(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """The customer for its members; platform operators also rename it."""
    if request.method != "POST":
        return _show(frame)
    typed = {name: request.POST.get(name, "") for name in ("name", "reason")}
    try:
        changed = frame.change("update_customer", {"input": {"customer": frame.customer.slug, **typed}})
    except Refused as refused:
        return _show(frame, refused, typed)
    messages.success(request, _("Renamed to %(name)s.") % {"name": changed["customer"]["name"]})
    return redirect("customer-overview", customer=frame.customer.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def switch_customer(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """Asks a platform operator whether to deactivate or reactivate the customer, with what that means."""
    if not frame.is_platform_operator:
        return not_found(request)
    reason, refusal = request.POST.get("reason", ""), None
    if request.method == "POST":
        wanted = read_switch(request, "active")
        try:
            frame.change(
                "update_customer", {"input": {"customer": frame.customer.slug, "isActive": wanted, "reason": reason}}
            )
        except Refused as refused:
            refusal = refused
        else:
            said = _("%(customer)s is active again.") if wanted else _("%(customer)s was deactivated.")
            messages.success(request, said % {"customer": frame.customer.name})
            return redirect("customer-overview", customer=frame.customer.slug)
    shown = {**frame.run("customer_overview"), "reason": reason, "refusal": refusal}
    return frame.render("webnet/customers/switch.html", shown, status=status_of(refusal))


def _show(frame: CustomerFrame, refused: Refused | None = None, typed: dict[str, str] | None = None) -> HttpResponse:
    found = frame.run("customer_overview")
    context = {
        **found,
        "refusal": refused,
        "errors": find_errors(refused) if refused else {},
        "typed": typed or {"name": found["currentCustomer"]["name"]},
    }
    return frame.render("webnet/customers/overview.html", context, status=status_of(refused))
