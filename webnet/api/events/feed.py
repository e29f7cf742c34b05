"""The audit log as one subscriber sees it: first what it has missed, page by page, then new rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from webnet.api.errors import BadCursor, SubscriptionEnded
from webnet.api.events.audience import Audience
from webnet.api.events.threads import on_thread
from webnet.api.paging.keyset import read_cursor, write_cursor
from webnet.api.paging.pages import Edge
from webnet.api.request.context import Context
from webnet.api.resolvers import orders
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.audit.models import PluginAuditLog

PAGE_SIZE = 100
# How many rows may be waiting for a slow client.
MAXIMUM_QUEUE_LENGTH = 1_000


class Tail(Protocol):
    """The source of new rows; those up to `position` were given to all feeds that were live at the time."""

    position: int


class Feed:
    """One subscriber of `pluginEvents`; `position` is that of the last row it got or was not allowed to get."""

    def __init__(self, context: Context, *, position: int, wanted: PluginAuditLogFilter | None) -> None:
        self.position = position
        self.is_live = False
        self._wanted = wanted
        self._queue: asyncio.Queue[Edge] = asyncio.Queue(MAXIMUM_QUEUE_LENGTH)
        self.audience = Audience.of(context.reading, wanted)

    def find_audience(self, context: Context, *, is_changed: bool) -> None:
        """Determine again whose rows the subscriber may read, if that has changed or may have changed unnoticed."""
        # A superuser who does not act as a platform operator gets new customers without a change of rights.
        if is_changed or (context.actor.is_superuser and self.audience.customers is not None):
            self.audience = Audience.of(context.afresh(platform_token=None).reading, self._wanted)

    def offer(self, edges: Iterable[Edge]) -> None:
        """Queue new rows; raises SubscriptionEnded if too many are waiting already."""
        try:
            for edge in edges:
                self._queue.put_nowait(edge)
        except asyncio.QueueFull:
            message = f"The client is too slow: more than {MAXIMUM_QUEUE_LENGTH} events wait. Use the last cursor."
            raise SubscriptionEnded(message, code="SLOW_CONSUMER") from None

    async def follow(self, tail: Tail) -> AsyncGenerator[Edge, None]:
        """Yield every row after the position, in order, endlessly."""
        while self.position < tail.position:
            until = tail.position
            found = await on_thread(self.audience.read, after=self.position, until=until, limit=PAGE_SIZE)
            for row in found[0]:
                yield edge_of(row)
            self.position = found[1]
        # No await since the last comparison with the tail's position, so no row can have been added in between.
        self.is_live = True
        while True:
            edge = await self._queue.get()
            if edge.node.position > self.position:
                self.position = edge.node.position
                yield edge


def read_after(cursor: str | None) -> int:
    """The position to start after: that of the cursor, or the end of the log; raises BadCursor."""
    end = read_end()
    if cursor is None:
        return end
    position: int = read_cursor(orders.AUDIT_LOGS, cursor)[0]
    if position > end:
        raise BadCursor
    return position


def read_end() -> int:
    """The position of the last row."""
    last = PluginAuditLog.objects.order_by("-position").values_list("position", flat=True).first()
    return last or 0


def edge_of(row: PluginAuditLog) -> Edge:
    """The row and its cursor."""
    return Edge(write_cursor(orders.AUDIT_LOGS, row), row)
