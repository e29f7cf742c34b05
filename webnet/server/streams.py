"""Django's ASGI handler for event streams: it has its own addresses and leaves no database connection behind."""

from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import connections
from django.http import HttpResponseBase

from webnet.server.asgi_types import Receive, Scope, Send


class StreamHandler(ASGIHandler):
    """Serves the addresses in `webnet.urls_streams`."""

    urlconf = "webnet.urls_streams"

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=True)

    def create_request(
        self, scope: dict[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """The request, told where to look up its address."""
        request, refusal = super().create_request(scope, body_file)
        if request is not None:
            request.urlconf = self.urlconf
        return request, refusal

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, then close: every stream has a thread of its own, so a connection kept there would be lost."""
        try:
            await super().handle(scope, receive, send)
        finally:
            await sync_to_async(connections.close_all)()
