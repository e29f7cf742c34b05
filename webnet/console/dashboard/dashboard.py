"""A customer's dashboard, and whatever else is asked for below the customer's address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from webnet.console.dashboard.widget_shapes import shape
from webnet.console.frame.entry import for_customer, not_found
from webnet.console.frame.page_frame import CustomerFrame


@require_safe
@for_customer
def dashboard(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:  # noqa: ARG001 - as every view
    """The customer's dashboard with its widgets."""
    shown = frame.run("dashboard")["dashboardWidgets"]
    widgets = [{"widget": each, "shape": shape(each["data"])} for each in shown]
    return frame.render("webnet/dashboard.html", {"widgets": widgets})


@for_customer
def unknown_page(request: HttpRequest, frame: CustomerFrame, path: str) -> HttpResponse:  # noqa: ARG001 - the URL's argument
    """Any other address of a customer."""
    return not_found(request)
