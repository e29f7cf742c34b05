"""Decorators of views: who is let in, and the page that is shown if a document fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from webnet.accounts.authentication import request_id
from webnet.api.errors import BadCursor, BadRequest
from webnet.api.http.in_process import DocumentFailed
from webnet.console.frame.interrupted_forms import KEEPS_FORMS, KeptForm, ask_to_sign_in, is_kept, sign_in_again
from webnet.console.frame.page_frame import CustomerFrame, Frame, Refused
from webnet.console.frame.paging import CURSORS, UnknownChoice
from webnet.errors import NotFound
from webnet.plugins.changes import pauses

View: TypeAlias = Callable[..., HttpResponseBase]

# The status of a page whose document fails with this code; with any other, the request is at fault.
STATUS_BY_CODE = {"INTERNAL_ERROR": 500, "PLUGIN_FAILED": 500, "RATE_LIMITED": 429}


def for_customer(view: View) -> View:
    """A decorator that calls the view with the frame of the customer in the address.

    Anonymous users are asked to sign in, whether or not the address exists. For signed-in users, a customer they
    may not see and one that does not exist look the same.
    """

    @never_cache
    @wraps(view)
    def view_for_customer(request: HttpRequest, customer: str, **kwargs: Any) -> HttpResponseBase:
        return _enter(view, request, customer, kwargs)

    return _keeping_forms(view_for_customer)


def for_plugins(view: View) -> View:
    """The same for pages of plugins, whose own forms would do what they are for if they were called to be shown."""

    @never_cache
    @wraps(view)
    def view_for_plugins(request: HttpRequest, customer: str, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return _show(view, request, customer, kwargs)

    return view_for_plugins


def for_platform(view: View) -> View:
    """A decorator that calls the view with a frame of no customer, for everybody who is signed in."""

    @never_cache
    @wraps(view)
    def view_for_platform(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return _enter(view, request, None, kwargs)

    return _keeping_forms(view_for_platform)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """The page for what does not exist, or not for this user. It is the same for every address and reveals nothing."""
    request.frame = None  # type: ignore[attr-defined]
    return render(request, "webnet/not_found.html", status=404)


def plugin_not_found(frame: Frame, plugin: str) -> HttpResponse:
    """The page for a plugin that the viewer can't see.

    In a customer's view it is the same for one that was switched off for everybody, is withheld, or never was, and says
    all three: somebody may have switched it off while others were at work on its pages.
    """
    if frame.customer is None:
        return not_found(frame.request)
    return frame.render("webnet/plugin/gone.html", {"name": plugin}, status=404)


def not_allowed(frame: Frame, reason: str) -> HttpResponse:
    """The page for what a higher role may see; everybody may know that it is there."""
    return frame.render("webnet/refused.html", {"reason": reason}, status=403)


def _keeping_forms(view: View) -> View:
    setattr(view, KEEPS_FORMS, True)
    return view


def _enter(view: View, request: HttpRequest, customer: str | None, arguments: dict[str, Any]) -> HttpResponseBase:
    if is_kept(request):
        return sign_in_again(request) or _show_again(view, request, customer, arguments)
    if not request.user.is_authenticated:
        return ask_to_sign_in(request)
    return _show(view, request, customer, arguments)


def _show_again(view: View, request: HttpRequest, customer: str | None, arguments: dict[str, Any]) -> HttpResponseBase:
    """The form's page with what was typed, and without sending it."""
    form = KeptForm.read(request)
    if form.entries is None:
        return HttpResponseRedirect(form.page)
    form.fill(request)
    try:
        return _show(view, request, customer, arguments, kept=form)
    except Refused as refused:  # The view has no form to show again.
        messages.warning(request, refused.message)
        return HttpResponseRedirect(form.page)


def _show(
    view: View, request: HttpRequest, customer: str | None, arguments: dict[str, Any], *, kept: KeptForm | None = None
) -> HttpResponseBase:
    try:
        frame = Frame(request, None) if customer is None else CustomerFrame(request, customer)
    except NotFound:
        return not_found(request)
    if kept is not None:
        frame.is_unsent, frame.left_out = True, kept.left_out
    request.frame = frame  # type: ignore[attr-defined]  # for the context processor `frame_of_page`
    request.htmx = frame.htmx  # type: ignore[attr-defined]
    try:
        response = view(request, frame, **arguments)
    except DocumentFailed as failed:
        return _show_failure(frame, failed)
    except UnknownChoice as unknown:
        return _show_unknown_choice(frame, unknown)
    if response.status_code in (302, 303):
        frame.carry_changes()
    pauses.pause_at_once()
    return response


def _show_failure(frame: Frame, failed: DocumentFailed) -> HttpResponse:
    status = STATUS_BY_CODE.get(failed.code, 400)
    message = failed.message
    if failed.code == BadCursor.code:  # Nobody who looks at pages knows of cursors.
        message = gettext("This page of the list does not exist, or its address is too old.")
    context = {
        "code": failed.code,
        "message": message,
        "request_id": request_id(frame.request),
        "is_ours": status == 500,
        "way_out": _find_way_out(frame.request, failed) if status == 400 else "",
    }
    response = frame.render("webnet/request_failed.html", context, status=status)
    if "retryAfterSeconds" in failed.extensions:
        response["Retry-After"] = str(failed.extensions["retryAfterSeconds"])
    return response


def _find_way_out(request: HttpRequest, failed: DocumentFailed) -> str:
    """The page's address without what can't be used of it; empty if the address can't be at fault."""
    if request.method not in ("GET", "HEAD") or not request.GET:
        return ""
    kept = request.GET.copy() if failed.code == BadCursor.code else QueryDict(mutable=True)
    for name in CURSORS:
        kept.pop(name, None)
    return f"{request.path}?{kept.urlencode()}" if kept else request.path


def _show_unknown_choice(frame: Frame, unknown: UnknownChoice) -> HttpResponse:
    message = gettext("The address has a value for the filter “%(filter)s” that does not exist.")
    context = {"code": BadRequest.code, "message": message % {"filter": unknown.label}, "way_out": frame.request.path}
    return frame.render("webnet/request_failed.html", context, status=400)
