"""`/metrics`: what all workers of this server have counted, for Prometheus."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from webnet.accounts.authentication import ip_address
from webnet.console.frame.entry import not_found
from webnet.server.observability.shared_metrics import collect

# How the names of headers begin that proxies add: then the address is the proxy's, and says nothing about the client's.
FORWARDING_HEADERS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP", "HTTP_VIA")


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """The metrics, for who has the token, and without a token for this machine; for others there is no such page."""
    if not may_read(request):
        return not_found(request)
    return HttpResponse(collect(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def may_read(request: HttpRequest) -> bool:
    """Whether the request has the token that is set, or else comes from this machine and not through a proxy on it."""
    if settings.WEBNET_METRICS_TOKEN:
        sent = request.META.get("HTTP_AUTHORIZATION", "")
        return constant_time_compare(sent, f"Bearer {settings.WEBNET_METRICS_TOKEN}")
    address = ip_address(request)
    is_local = address is not None and ipaddress.ip_address(address).is_loopback
    return is_local and not any(name.startswith(FORWARDING_HEADERS) for name in request.META)
