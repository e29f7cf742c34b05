"""Begins to follow the audit log."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from webnet.api.events.feed import Feed, read_after
from webnet.api.events.log_tail import tailer
from webnet.api.paging.connections import Edge
from webnet.api.request.context import Context
from webnet.api.resolvers.filters import PluginAuditLogFilter


def follow_audit_log(
    context: Context, *, after: str | None, wanted: PluginAuditLogFilter | None
) -> AsyncGenerator[Edge, None]:
    """Every row for this subscriber from the cursor on, or from now on. Raises BadCursor."""
    feed = Feed(context, position=read_after(after), wanted=wanted)
    if context.watch is not None:
        context.watch.feed = feed
    return _follow(feed)


async def _follow(feed: Feed) -> AsyncGenerator[Edge, None]:
    async for edge in feed.follow(tailer()):
        yield edge
