"""The list of the viewer's customers, which is also where somebody changes from one to another."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform
from webnet.console.frame.page_frame import Frame
from webnet.console.frame.paging import read_page, read_text


@require_safe
@for_platform
def list_customers(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The viewer's customers, which can be searched."""
    search = read_text(request, "q")
    customers = frame.run("customers", {"search": search or None, **read_page(request)})["customers"]
    return frame.render("webnet/customers/list.html", {"customers": customers, "search": search})
