"""How this browser shows pages: the language, and the zone of times. Both are cookies, which only pages read."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_platform
from webnet.console.frame.page_frame import Frame
from webnet.console.time_zones import CHOICE_COOKIE, is_zone, zone_names

LIFETIME = timedelta(days=365)


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def choose_preferences(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The form; what is left empty is that of the browser."""
    language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    zone, error = request.COOKIES.get(CHOICE_COOKIE, ""), ""
    if request.method == "POST":
        language, zone = request.POST.get("language", ""), request.POST.get("zone", "").strip()
        if (not zone or is_zone(zone)) and not frame.is_unsent:
            return _store(request, language=language if language in dict(settings.LANGUAGES) else "", zone=zone)
        error = "" if not zone or is_zone(zone) else _("This is not a time zone. Write it as Europe/Berlin.")
    context = {
        "languages": settings.LANGUAGES,
        "language": language,
        "zones": sorted(zone_names()),
        "zone": zone,
        "errors": [error] if error else [],
    }
    return frame.render("webnet/account/preferences.html", context, status=422 if request.method == "POST" else 200)


def _store(request: HttpRequest, *, language: str, zone: str) -> HttpResponse:
    with override(language or get_language()):
        messages.success(request, _("Your choice was stored in this browser."))
    response = redirect("account-preferences")
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), (CHOICE_COOKIE, zone)):
        if not value:
            response.delete_cookie(name, path=settings.SESSION_COOKIE_PATH)
            continue
        response.set_cookie(
            name,
            value,
            max_age=LIFETIME,
            path=settings.SESSION_COOKIE_PATH,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
