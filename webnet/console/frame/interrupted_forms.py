"""Forms that were sent after their session had ended: once somebody signs in, they are shown again as they were filled.

Whoever sends a form while signed out gets the sign-in form instead, at the same address, with the entries in a hidden
field, sealed, so that the page does not show them to somebody else. Signing in there calls the form's own view with the
entries, in a frame that sends no mutation: the view shows its form as after a refusal, with the code `NOT_SENT`. What
has a password or another secret is left out, and its name is kept, so that the form can ask for it again.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django_htmx.middleware import HtmxDetails

from webnet.accounts import sessions
from webnet.api.vocabulary import sealed_texts
from webnet.errors import PermissionDenied, RateLimited
from webnet.values.viewer_language import for_viewer

PURPOSE = b"webnet: forms that were sent without a session"
# The hidden field that has the sealed form.
KEPT = "webnet-kept-form"
# The attribute of views that can show a form again; what decorates them has it as well.
KEEPS_FORMS = "keeps_forms"
# As much fits into the next request, beside the rest of it. Longer entries are lost, and the page says so.
LONGEST_KEPT = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // 2
# An entry with one of these in its name is never kept. Behind a slash, the name of an entry is the place of a setting,
# which may be called anything: those of the settings form say in front of it that they are secret.
SECRET = re.compile("[^/]*(password|secret)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class KeptForm:
    """A form that was not sent: its entries, None if they were too long, and the path of the page that it was on.

    `left_out` are the names of the secrets that somebody had typed.
    """

    entries: Mapping[str, Sequence[str]] | None
    page: str
    left_out: Sequence[str] = ()

    @classmethod
    def of(cls, request: HttpRequest) -> KeptForm:
        """The form that is sent with this request. Files and secrets are left out."""
        # An empty one is none.
        entries = {
            name: values
            for name, values in request.POST.lists()
            if name != "csrfmiddlewaretoken" and not (SECRET.match(name) and any(values))
        }
        left_out = [name for name, values in request.POST.lists() if SECRET.match(name) is not None and any(values)]
        length = sum(map(len, left_out)) + sum(len(name) + sum(map(len, values)) for name, values in entries.items())
        is_short = length <= LONGEST_KEPT
        return cls(entries=entries if is_short else None, page=_find_page(request), left_out=left_out)

    @classmethod
    def read(cls, request: HttpRequest) -> KeptForm:
        """The form that was kept in a page for this address; an empty one if there is none."""
        sealed = request.POST.get(KEPT, "")
        plain = sealed_texts.unseal(sealed, purpose=PURPOSE, bound_to=[request.path.encode()])
        if plain is None:
            return cls(entries=None, page=reverse("home"))
        return cls(**json.loads(zlib.decompress(plain)))

    def seal(self, request: HttpRequest) -> str:
        """The text of the hidden field in a page for this address."""
        plain = json.dumps({"entries": self.entries, "page": self.page, "left_out": self.left_out}).encode()
        return sealed_texts.seal(zlib.compress(plain), purpose=PURPOSE, bound_to=[request.path.encode()])

    def fill(self, request: HttpRequest) -> None:
        """Give the request these entries, as if they had been sent."""
        sent = QueryDict(mutable=True)
        for name, values in (self.entries or {}).items():
            sent.setlist(name, list(values))
        request.POST = sent  # type: ignore[assignment]  # The classes of Django's handlers have a setter.


def ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """The way to sign in: a redirect, or for a form the sign-in form that keeps its entries."""
    # The console's script stays on the page instead of following the redirect.
    if request.method != "POST" or HtmxDetails(request):
        return redirect_to_login(request.get_full_path())
    return _show_sign_in(request, KeptForm.of(request))


def is_kept(request: HttpRequest) -> bool:
    """Whether this is a form that was kept while its session had ended."""
    return request.method == "POST" and KEPT in request.POST


def sign_in_again(request: HttpRequest) -> HttpResponse | None:
    """Sign in whoever is signed out; the sign-in form if that is refused."""
    if request.user.is_authenticated:
        return None
    request.sensitive_post_parameters = ["password"]  # type: ignore[attr-defined]  # as Django's decorator does
    username, password = request.POST.get("username", ""), request.POST.get("password", "")
    try:
        sessions.sign_in(request, username=username, password=password)
    except PermissionDenied as refusal:
        return _show_sign_in(request, KeptForm.read(request), username=username, error=refusal.message, status=403)
    except RateLimited as refusal:
        page = _show_sign_in(request, KeptForm.read(request), username=username, error=refusal.message, status=429)
        page["Retry-After"] = str(refusal.retry_after_seconds)
        return page
    return None


def may_show_again(request: HttpRequest) -> bool:
    """Whether this form without a valid CSRF token was sent by a page of this site, to a view that keeps forms."""
    origin = urlsplit(request.headers.get("Origin", ""))
    if request.method != "POST" or (origin.scheme, origin.netloc) != (request.scheme, request.get_host()):
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return getattr(view, KEEPS_FORMS, False)


def show_again(request: HttpRequest) -> HttpResponse:
    """The page for a form of an earlier session, which can go on in this one or needs another."""
    form = KeptForm.read(request) if is_kept(request) else KeptForm.of(request)
    if not request.user.is_authenticated:
        return _show_sign_in(request, form, status=403)
    return _render(request, "webnet/send_again.html", form, status=403)


def _find_page(request: HttpRequest) -> str:
    """The path of the page that has sent the form; that of the start page if it is not known."""
    sent_by = urlsplit(request.headers.get("Referer", ""))
    if sent_by.netloc != request.get_host():
        return reverse("home")
    return f"{sent_by.path}?{sent_by.query}" if sent_by.query else sent_by.path


def _show_sign_in(
    request: HttpRequest, form: KeptForm, *, username: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    context = {"username": username, "error": for_viewer(error)}
    return _render(request, "webnet/sign_in_again.html", form, status=status, **context)


def _render(request: HttpRequest, template: str, form: KeptForm, *, status: int, **context: Any) -> HttpResponse:
    context |= {"action": request.get_full_path(), "form": form, "kept": form.seal(request), "kept_name": KEPT}
    return render(request, template, context, status=status)
