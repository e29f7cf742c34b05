"""The customers that the switcher finds while somebody types; without JavaScript, its form leads to the list."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform
from webnet.console.frame.navigation import SamePage
from webnet.console.frame.page_frame import MAXIMUM_LISTED_CUSTOMERS, Frame
from webnet.console.frame.paging import read_text
from webnet.customers.models import Role


@require_safe
@for_platform
def list_choices(request: HttpRequest, frame: Frame) -> HttpResponse:
    """A part of a page: the viewer's first customers that match, as links. The whole list for whoever opens it."""
    search = read_text(request, "q")
    if not frame.htmx:
        return redirect(f"{reverse('customers')}?{urlencode({'q': search})}" if search else "customers")
    wanted = {"search": search or None, "first": MAXIMUM_LISTED_CUSTOMERS}
    found = frame.run("customer_choices", wanted)["customers"]
    page = SamePage.of(_find_page(frame), is_platform_operator=frame.is_platform_operator)
    choices = [(each, page.find_address(each["slug"], Role[each["viewerRole"]])) for each in found["nodes"]]
    context = {"choices": choices, "has_more": found["pageInfo"]["hasNextPage"], "search": search}
    return frame.render("webnet/parts/switcher_choices.html", context)


def _find_page(frame: Frame) -> ResolverMatch | None:
    """The page in which somebody searches, as its script says."""
    try:
        return resolve(urlsplit(frame.htmx.current_url_abs_path or "").path)
    except Resolver404:
        return None
