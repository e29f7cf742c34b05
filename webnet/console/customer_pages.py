"""Views of a customer's pages, for signed-in users who may see the customer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webnet.api.resolvers import navigation_and_widgets
from webnet.console.frame import Frame
from webnet.console.widget_shapes import shape
from webnet.errors import NotFound
from webnet.plugins.changes import pauses

View: TypeAlias = Callable[..., HttpResponseBase]


def for_customer(view: View) -> View:
    """A decorator that calls the view with the customer's frame.

    Anonymous users are redirected to sign in, whether or not the address exists. For signed-in users, a customer they
    may not see and one that does not exist look the same.
    """

    @never_cache
    @wraps(view)
    def view_for_customer(request: HttpRequest, customer: str, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            frame = Frame(request, customer)
        except NotFound:
            return not_found(request)
        request.frame = frame  # type: ignore[attr-defined]  # for the context processor `frame_of_page`
        response = view(request, frame, **kwargs)
        pauses.pause_at_once()
        return response

    return view_for_customer


@require_safe
@for_customer
def dashboard(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The customer's dashboard with its widgets."""
    shown = navigation_and_widgets.dashboard_widgets(frame.reading)
    widgets = [{"widget": each, "shape": shape(each.data)} for each in shown]
    return render(request, "webnet/dashboard.html", {"widgets": widgets})


@for_customer
def unknown_page(request: HttpRequest, frame: Frame, path: str) -> HttpResponse:  # noqa: ARG001 - the URL's argument
    """Any other address of a customer."""
    return not_found(request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """The page for what does not exist, or not for this user. It is the same for every address and reveals nothing."""
    return render(request, "webnet/not_found.html", status=404)
