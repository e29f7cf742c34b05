"""The list of the viewer's customers, where somebody also changes from one to another; and a new customer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webnet.console.frame.entry import for_platform, not_found
from webnet.console.frame.field_errors import find_errors, status_of
from webnet.console.frame.page_frame import Frame, Refused
from webnet.console.frame.paging import read_choice, read_page, read_text

ACTIVITY: dict[str, bool | None] = {"": None, "active": True, "inactive": False}
# With fewer rows, a list without filters needs none.
FEW_ROWS = 10


@require_safe
@for_platform
def list_customers(request: HttpRequest, frame: Frame) -> HttpResponse:  # noqa: ARG001 - as every view
    """The viewer's customers, which can be searched and filtered."""
    return _show_list(frame)


@require_POST
@for_platform
def choose_default(request: HttpRequest, frame: Frame) -> HttpResponse:
    """Make a customer the viewer's default."""
    try:
        chosen = frame.change("set_default_customer", {"input": {"customer": request.POST.get("customer", "")}})
    except Refused as refused:
        return _show_list(frame, refused)
    messages.success(request, _("%(customer)s is your default now.") % {"customer": _name_default(chosen)})
    return redirect("customers")


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def create_customer(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The form for a new customer; for platform operators."""
    if not frame.is_platform_operator:
        return not_found(request)
    typed = {name: request.POST.get(name, "") for name in ("slug", "name", "reason")}
    if request.method != "POST":
        return frame.render("webnet/customers/new.html", {"typed": typed})
    try:
        made = frame.change("create_customer", {"input": typed})["customer"]
    except Refused as refused:
        shown = {"typed": typed, "refusal": refused, "errors": find_errors(refused)}
        return frame.render("webnet/customers/new.html", shown, status=status_of(refused))
    messages.success(request, _("%(customer)s was created.") % {"customer": made["name"]})
    return redirect("customer-overview", customer=made["slug"])


def _show_list(frame: Frame, refused: Refused | None = None) -> HttpResponse:
    request = frame.request
    search, plugin = read_text(request, "q"), read_text(request, "plugin")
    activity = read_choice(request, "activity", ACTIVITY, label=_("State"))
    wanted = {"search": search or None, "isActive": ACTIVITY[activity], "plugin": plugin or None}
    found = frame.run("customers", {**wanted, **read_page(request)})
    is_filtered = bool(search or plugin or activity)
    context = {
        **found,
        "search": search,
        "plugin": plugin,
        "activity": activity,
        "is_filtered": is_filtered,
        "has_filters": is_filtered or found["customers"]["totalCount"] > FEW_ROWS,
        # Of one customer there is nothing to choose, and platform operators need none.
        "has_defaults": not frame.is_platform_operator and found["customers"]["totalCount"] > 1,
        "refusal": refused,
    }
    return frame.render("webnet/customers/list.html", context, status=status_of(refused))


def _name_default(chosen: dict[str, dict[str, dict[str, str] | None]]) -> str:
    customer = chosen["viewer"]["defaultCustomer"]
    return customer["name"] if customer else ""
