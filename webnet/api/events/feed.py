"""The audit log as one subscriber sees it: first what it has missed, page by page, then new rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from webnet.api.errors import LogReplaced, SubscriptionEnded
from webnet.api.events.audience import Audience
from webnet.api.events.threads import serve_on_thread
from webnet.api.paging.keyset import read_cursor, write_cursor
from webnet.api.paging.pages import Edge
from webnet.api.request.context import Context
from webnet.api.resolvers import orders
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.audit.models import PluginAuditLog
from webnet.audit.search import has_row
from webnet.sentences import sentence

PAGE_SIZE = 100
# How many rows may be waiting for a slow client.
MAXIMUM_QUEUE_LENGTH = 1_000


@dataclass(frozen=True, kw_only=True)
class LogPlace:
    """A row of the log by position and hash, by which another log is noticed; position 0 is before the first row."""

    position: int
    hash: str

    def is_in_log(self) -> bool:
        """Whether the log that is stored now has the row, or has pruned it."""
        return self.position == 0 or has_row(self.position, self.hash)


class Tail(Protocol):
    """The source of new rows; those up to `position` were given to all feeds that were live at the time."""

    @property
    def position(self) -> int: ...


class Feed:
    """One subscriber of `pluginEvents`, from `start` on.

    `position` is that of the last row it got or was not allowed to get.
    """

    def __init__(self, context: Context, *, start: LogPlace, wanted: PluginAuditLogFilter | None) -> None:
        self.position = start.position
        self.is_live = False
        self._path = context.request.path
        self._start = start
        self._wanted = wanted
        self._queue: asyncio.Queue[Edge] = asyncio.Queue(MAXIMUM_QUEUE_LENGTH)
        self.audience = Audience.of(context, wanted)

    def find_audience(self, context: Context, *, is_changed: bool) -> None:
        """Determine again whose rows the subscriber may read, if that has changed or may have changed unnoticed."""
        # A superuser who does not act as a platform operator gets new customers without a change of rights.
        if is_changed or (context.actor.is_superuser and self.audience.customers is not None):
            self.audience = Audience.of(context.afresh(platform_token=None), self._wanted)

    def offer(self, edges: Iterable[Edge]) -> None:
        """Queue new rows; raises SubscriptionEnded if too many are waiting already."""
        try:
            for edge in edges:
                self._queue.put_nowait(edge)
        except asyncio.QueueFull:
            message = sentence(
                "The client is too slow: more than {maximum} events wait. Use the last cursor.",
                maximum=MAXIMUM_QUEUE_LENGTH,
            )
            raise SubscriptionEnded(message, code="SLOW_CONSUMER") from None

    async def follow(self, tail: Tail) -> AsyncGenerator[Edge, None]:
        """Yield every row after the position, in order, endlessly. Raises LogReplaced and DeadlineExceeded.

        What was missed is read page by page, each in the time of a request; in between, the threads serve others.
        """
        # Not only when the stream was opened: from here on, the tailer notices that the log is replaced.
        if not await serve_on_thread(self._path, self._start.is_in_log):
            raise LogReplaced
        while self.position < tail.position:
            rows, covered = await serve_on_thread(
                self._path, self.audience.read, after=self.position, until=tail.position, limit=PAGE_SIZE
            )
            for row in rows:
                yield edge_of(row, view=self.audience.view)
            self.position = covered
        # No await since the last comparison with the tail's position, so no row can have been added in between.
        self.is_live = True
        while True:
            edge = await self._queue.get()
            if edge.node.position > self.position:
                self.position = edge.node.position
                yield edge


def read_after(cursor: str | None, *, view: str) -> LogPlace:
    """The place to start after: that of the cursor, or the end of the log; raises BadCursor and LogReplaced."""
    if cursor is None:
        return read_end()
    position, hash_ = read_cursor(orders.AUDIT_LOGS, cursor, view=view)
    place = LogPlace(position=position, hash=hash_)
    if not place.is_in_log():
        raise LogReplaced
    return place


def read_end() -> LogPlace:
    """The place of the last row."""
    last = PluginAuditLog.objects.order_by("-position").values_list("position", "hash").first()
    position, hash_ = last or (0, "")
    return LogPlace(position=position, hash=hash_)


def edge_of(row: PluginAuditLog, *, view: str) -> Edge:
    """The row and its cursor."""
    return Edge(row, partial(write_cursor, orders.AUDIT_LOGS, view=view))
