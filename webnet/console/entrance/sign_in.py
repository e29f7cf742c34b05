"""Signing in and out."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.middleware import HtmxDetails

from webnet.accounts import sessions
from webnet.console.frame import interrupted_forms
from webnet.console.frame.entry import not_found
from webnet.errors import PermissionDenied, RateLimited
from webnet.values.viewer_language import for_viewer


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form; when it is submitted, starts a session or shows the form again with the error."""
    if request.method != "POST":
        return _show_form(request)
    username = request.POST.get("username", "")
    try:
        sessions.sign_in(request, username=username, password=request.POST.get("password", ""))
    except PermissionDenied as refusal:
        return _show_form(request, username=username, error=for_viewer(refusal.message), status=403)
    except RateLimited as refusal:
        response = _show_form(request, username=username, error=for_viewer(refusal.message), status=429)
        response["Retry-After"] = str(refusal.retry_after_seconds)
        return response
    return HttpResponseRedirect(_read_next(request))


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Django's admin leads to the one sign-in form; to somebody who may not open the admin, it does not exist."""
    if request.user.is_authenticated:
        return not_found(request)
    return redirect_to_login(_read_next(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; POST only, so that no link or image can do it."""
    sessions.sign_out(request)
    return redirect("sign-in")


def show_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:  # noqa: ARG001 - Django passes it
    """The page for a form that was sent without the token of this browser's session, such as of the one before.

    If it is of a page of this site, what was typed can be sent again. The console's script stays on its page anyway,
    and tells whoever is signed out, with all cookies gone for one, to sign in.
    """
    if HtmxDetails(request) and not request.user.is_authenticated:
        return interrupted_forms.ask_to_sign_in(request)
    if not interrupted_forms.may_show_again(request):
        return render(request, "webnet/csrf_failed.html", status=403)
    return interrupted_forms.show_again(request)


def _show_form(request: HttpRequest, *, username: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {"next": _read_next(request), "username": username, "error": error}
    return render(request, "webnet/sign_in.html", context, status=status)


def _read_next(request: HttpRequest) -> str:
    """Where to go after signing in: the requested address if it is on this site, otherwise the start page."""
    requested = request.POST.get("next", request.GET.get("next", ""))
    is_own = url_has_allowed_host_and_scheme(
        requested, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return requested if is_own else resolve_url(settings.LOGIN_REDIRECT_URL)
