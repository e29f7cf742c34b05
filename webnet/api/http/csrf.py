"""Django's own CSRF check, with an answer that a GraphQL client can read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from webnet.accounts.authentication import has_bearer
from webnet.api.errors import BadRequest


class _Check(CsrfViewMiddleware):
    """Hands back the reason instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # noqa: ARG002 - the way in that Django leaves for this
        return reason


def require_csrf_token(request: HttpRequest) -> None:
    """Raise unless a request that comes with a session proves that the session's own pages have sent it.

    A bearer token proves that by itself. Without either there is nothing to abuse: other sites can't send JSON here
    without being let in by CORS.
    """
    if has_bearer(request) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return
    reason = _Check(lambda _: None).process_view(request, None, (), {})  # type: ignore[arg-type]  # Only the check is used.
    if reason:
        message = f"The CSRF check failed: {reason} Send the cookie '{settings.CSRF_COOKIE_NAME}' as 'X-CSRFToken'."
        raise BadRequest(message, code="CSRF_FAILED", status=403)
