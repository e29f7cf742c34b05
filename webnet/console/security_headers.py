"""The security headers of every response: what its page may load and do, and the id of its request.

`webnet/settings.py` has the policy of pages, and Django's own headers.
"""

from __future__ import annotations

from http import HTTPStatus

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webnet.accounts.authentication import choose_request_id, request_id

# Pages use none of it. A plugin's page may send a header of its own.
DENIED_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
# JSON is no page. Its policy is not built for each request, which would take 40 microseconds.
JSON_TYPES = ("application/json", "application/graphql-response+json")
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in DENIED_FEATURES)


class HeadersMiddleware(CSPMiddleware):
    """Adds the headers that Django's middleware does not, and `request.csp_nonce`.

    A page's own Content-Security-Policy, such as that of a plugin, holds beside webnet's: it can only be stricter.
    """

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """As Django's, but not on a thread: nothing here waits, and a stream would take two turns on one."""
        self.process_request(request)
        response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]  # It is a coroutine here.
        return self.process_response(request, response)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        own = response.headers.get(HEADER)
        del response.headers[HEADER]
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            # It stands for the response that the client has, and replaces its headers (RFC 9111, 3.2): the length is
            # not that of an empty body (RFC 9110, 8.6), and the policy is not that of a page.
            del response.headers["Content-Length"]
        elif response.headers.get("Content-Type", "").startswith(JSON_TYPES):
            response.headers[HEADER] = JSON_POLICY
        else:
            super().process_response(request, response)
        policies = [policy for policy in (response.headers.get(HEADER), own) if policy]
        if policies:  # Django's error pages of WEBNET_DEBUG=1 have none.
            response.headers[HEADER] = ", ".join(policies)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers["X-Request-Id"] = request_id(request)
        return response


def cors_headers_without_django(origin: str) -> dict[str, str]:
    """What lets the page of an allowed origin read a response that the server makes itself, as `CorsMiddleware` has it.

    Without it, the page would not know when to try again.
    """
    if origin not in settings.CORS_ALLOWED_ORIGINS:
        return {"Vary": "origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": ", ".join(settings.CORS_EXPOSE_HEADERS),
        "Vary": "origin",
    }


def headers_without_django(sent_request_id: str) -> dict[str, str]:
    """The same headers for a response that the server makes itself."""
    return {
        HEADER: JSON_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "X-Request-Id": choose_request_id(sent_request_id),
    }
