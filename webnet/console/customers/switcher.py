"""The customers that the switcher finds while somebody types; without JavaScript, its form leads to the list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform
from webnet.console.frame.page_frame import MAXIMUM_LISTED_CUSTOMERS, Frame
from webnet.console.frame.paging import read_text


@require_safe
@for_platform
def list_choices(request: HttpRequest, frame: Frame) -> HttpResponse:
    """A part of a page: the viewer's first customers that match, as links. The whole list for whoever opens it."""
    search = read_text(request, "q")
    if not frame.htmx:
        return redirect(f"{reverse('customers')}?{urlencode({'q': search})}" if search else "customers")
    wanted = {"search": search or None, "first": MAXIMUM_LISTED_CUSTOMERS}
    found = frame.run("customer_choices", wanted)["customers"]
    return frame.render("webnet/parts/switcher_choices.html", {"found": found, "search": search})
