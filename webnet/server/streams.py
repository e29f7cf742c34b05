"""Django's ASGI handler for event streams: it has its own addresses, and no thread for each stream."""

from collections.abc import Mapping
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import connections
from django.http import HttpResponseBase

from webnet.server.asgi_types import Receive, Scope, Send

GRAPHQL_PATH = "/graphql/"


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
        """Serve GraphQL without Django's thread for each request, which a stream would keep for hours.

        The little of the middleware that must not run on the event loop shares one thread there, and the database is
        read on those of `webnet.api.events.threads`. A connection that any other address leaves behind on its thread
        would be lost, so it is closed.
        """
        if scope["path"].startswith(GRAPHQL_PATH):
            await self.handle(scope, receive, send)
            return
        async with ThreadSensitiveContext():
            try:
                await self.handle(scope, receive, send)
            finally:
                await sync_to_async(connections.close_all)()
