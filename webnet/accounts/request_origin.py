"""Where a request comes from: its id and its address, for the audit log and the limits of signing in."""

from __future__ import annotations

import ipaddress
import re
import uuid

from django.http import HttpRequest

from webnet.customers.access import Actor

ANONYMOUS = "anonymous"

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEPT_ID = "webnet.request_id"


def request_id(request: HttpRequest) -> str:
    """The `X-Request-Id` sent, where it is up to 64 letters, digits, dots and dashes; else one made per request."""
    if _KEPT_ID not in request.META:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.META[_KEPT_ID] = given if _SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    kept: str = request.META[_KEPT_ID]
    return kept


def ip_address(request: HttpRequest) -> str | None:
    """The address that the server names as the peer's; None where it names none, as with a Unix socket.

    `X-Forwarded-For` is not read here: anybody can write it, and only the server knows which proxies it may
    trust. Behind a proxy, tell the server (uvicorn: `--proxy-headers --forwarded-allow-ips`), which then sets
    REMOTE_ADDR itself.
    """
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
    except ValueError:
        return None


def anonymous_actor(request: HttpRequest) -> Actor:
    """Nobody, from where this request comes."""
    return Actor(name=ANONYMOUS, request_id=request_id(request), ip_address=ip_address(request))
