"""Django's ASGI handler for event streams: it has its own addresses, and no thread for each stream."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponseBase

from webnet.server.asgi_types import Receive, Scope, Send


class StreamHandler(ASGIHandler):
    """Serves the addresses in `webnet.urls_streams`."""

    urlconf = "webnet.urls_streams"

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=True)

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """The request, told where to look up its address; or the refusal of one that is no request."""
        outcome = super().create_request(scope, body_file)
        if outcome[0] is not None:
            outcome[0].urlconf = self.urlconf
        return outcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve without Django's thread for each request, which a stream would keep for hours, with its connection.

        What little of the middleware must not run on the event loop shares one thread; the database is read by
        `webnet.api.events.threads`.
        """
        await self.handle(scope, receive, send)
