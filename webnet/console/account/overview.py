"""Who the signed-in person is, and what they may do for which customer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform
from webnet.console.frame.page_frame import Frame
from webnet.console.frame.paging import read_page


@require_safe
@for_platform
def show_account(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The person, and their roles by customer."""
    viewer = frame.run("account", read_page(request))["viewer"]
    return frame.render("webnet/account/overview.html", {"viewer": viewer})
