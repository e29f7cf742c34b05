"""Opens a customer's pages: for those who are signed in and may see the customer, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webnet.api.resolvers import surfaces
from webnet.console.frame import Frame
from webnet.console.widget_shapes import shape
from webnet.errors import NotFound

View: TypeAlias = Callable[..., HttpResponseBase]


def for_customer(view: View) -> View:
    """Calls the view with the customer's frame.

    Whoever is not signed in is sent to sign in, whatever the address; to all others what is foreign looks as what
    never was.
    """

    @never_cache
    @wraps(view)
    def open_customer(request: HttpRequest, customer: str, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            frame = Frame(request, customer)
        except NotFound:
            return not_found(request)
        request.frame = frame  # type: ignore[attr-defined]  # for the context processor `show_frame`
        return view(request, frame, **kwargs)

    return open_customer


@require_safe
@for_customer
def dashboard(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The customer's dashboard: its widgets, and where to go."""
    widgets = [{"widget": each, "shape": shape(each.data)} for each in surfaces.dashboard_widgets(frame.reading)]
    return render(request, "webnet/dashboard.html", {"widgets": widgets})


@for_customer
def nowhere(request: HttpRequest, frame: Frame, path: str) -> HttpResponse:  # noqa: ARG001 - as the address has it
    """Every other address under a customer's."""
    return not_found(request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - as Django asks
    """The one page for what does not exist, or not for this user: the same bytes whatever was asked for."""
    return render(request, "webnet/not_found.html", status=404)
