"""Django's handlers of requests and of event streams, over requests without the charset of their content type.

Django would decode the address by that charset, too. It may name no text at all, such as `hex`, and Django decodes
while it makes the request: nothing of webnet or Django would see the error, and the server's answer would be a 500 with
a traceback in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponseBase

from webnet.api.events.sse import StreamCut
from webnet.server.asgi.types import Receive, Scope, Send

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


class StreamHandler(ASGIHandler):
    """Serves the URLs of `webnet.urls_streams`."""

    urlconf = "webnet.urls_streams"
    request_class = PlainASGIRequest

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=True)

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """The request, with the URL configuration of streams; or the response to an invalid one."""
        created = super().create_request(scope, body_file)
        if created[0] is not None:
            created[0].urlconf = self.urlconf
        return created

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve GraphQL without `ThreadSensitiveContext`, which would keep a thread per stream for hours.

        Without it, the few parts of the middleware that must not run on the event loop share one thread; the database
        is read on the threads of `webnet.api.events.threads`.
        """
        await self.handle(scope, receive, send)

    async def send_response(self, response: HttpResponseBase, send: Send) -> None:
        """Send the response; one that is cut stays without its last message."""
        with suppress(StreamCut):
            await super().send_response(response, send)
