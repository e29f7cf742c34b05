"""Requests without the charset of their content type, by which Django would decode the address, too.

A charset may name no text at all, such as `hex`, and Django decodes while it makes the request: nothing of webnet or
Django would see the error, and the server's answer would be a 500 with a traceback in the log.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application

_CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


class PlainWSGIRequest(WSGIRequest):
    """Django's, in UTF-8."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__({**environ, "CONTENT_TYPE": _CHARSET.sub("", environ.get("CONTENT_TYPE", ""))})


class PlainASGIRequest(ASGIRequest):
    """Django's, in UTF-8."""

    def __init__(self, scope: dict[str, Any], body_file: Any) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
        kinds = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"]
        headers += [(b"content-type", _CHARSET.sub("", kind).encode("latin-1")) for kind in kinds]
        super().__init__({**scope, "headers": headers}, body_file)


def make_wsgi_handler() -> WSGIHandler:
    """Django's WSGI application over such requests."""
    handler = get_wsgi_application()
    handler.request_class = PlainWSGIRequest
    return handler
