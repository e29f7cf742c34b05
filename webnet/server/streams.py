"""Django's ASGI handler for event streams: it has its own addresses and leaves no database connection behind."""

from collections.abc import Mapping
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
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """The request, told where to look up its address; or the refusal of one that is no request."""
        outcome = super().create_request(scope, body_file)
        if outcome[0] is not None:
            outcome[0].urlconf = self.urlconf
        return outcome

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, then close: every stream has a thread of its own, so a connection kept there would be lost."""
        try:
            await super().handle(scope, receive, send)
        finally:
            await sync_to_async(connections.close_all)()
