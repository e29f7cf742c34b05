"""Known devices: browsers in which a user has signed in before, which a signed cookie shows.

Attacks on an account slow down everybody but them: https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse

from webnet.customers.models import User

COOKIE_NAME = "webnet_device"
# Longer than a session, since it is of use once that has ended.
LIFETIME = timedelta(days=180)
NAME_BYTES = 16
# Where the new cookie is kept until there is a response; WSGI and ASGI requests both have a META.
NEW_COOKIE_KEY = "webnet.device_cookie"


def find_device(request: HttpRequest, user: User | None) -> str | None:
    """The random name of the device, if this user has signed in on it with the password that they still have."""
    try:
        return _signer(user).unsign(request.COOKIES.get(COOKIE_NAME, ""), max_age=LIFETIME)
    except BadSignature:
        return None


def remember_device(request: HttpRequest, user: User) -> None:
    """Have the response to this request make the device a known one of the user's."""
    request.META[NEW_COOKIE_KEY] = _signer(user).sign(secrets.token_urlsafe(NAME_BYTES))


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie of a request that `remember_device` was called for."""
    response.set_cookie(
        COOKIE_NAME,
        request.META[NEW_COOKIE_KEY],
        max_age=LIFETIME,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=settings.SESSION_COOKIE_SAMESITE,  # type: ignore[arg-type]  # For the stubs, the setting is any text.
    )


def _signer(user: User | None) -> TimestampSigner:
    # The user and the password are in the salt, so the cookie itself tells nothing of them. An unknown user's cookie is
    # checked as well, and takes the same time.
    bound_to = f"{user.pk}:{user.password}" if user is not None else ""
    return TimestampSigner(salt=f"webnet.accounts.known_devices:{bound_to}")
