"""The root type `Subscription`."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from strawberry import UNSET

from webnet.api.declarations.connections import Edge as EdgeType
from webnet.api.declarations.fields import object_type, subscription
from webnet.api.events.feed import Feed, read_after
from webnet.api.events.log_tail import tailer
from webnet.api.paging.pages import Edge
from webnet.api.request.context import Context, Info
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.types.audit_log import PluginAuditLog


@object_type
class Subscription:
    """What can be subscribed to."""

    @subscription(
        graphql_type=EdgeType[PluginAuditLog],
        description=(
            "Every audit row the viewer may read, in commit order; `after` resumes with nothing lost and nothing "
            "twice.\nWithout `after` it starts now: subscribe first, then query, and drop what came twice by id."
        ),
    )
    def plugin_events(
        self,
        info: Info,
        *,
        after: str | None = UNSET,
        filter: PluginAuditLogFilter | None = UNSET,
    ) -> AsyncGenerator[Edge, None]:
        """The rows of the audit log from now on, or since a place in it.

        Args:
            after: A cursor of `pluginAuditLogs` or of an event: everything after it comes first.
            filter: Which rows; null for all.
        """
        return follow_audit_log(info.context, after=after or None, wanted=filter or None)


def follow_audit_log(
    context: Context, *, after: str | None, wanted: PluginAuditLogFilter | None
) -> AsyncGenerator[Edge, None]:
    """The rows that this subscriber gets, after the cursor or from now on. Raises BadCursor and LogReplaced."""
    feed = Feed(context, start=read_after(after, view=context.view_slug), wanted=wanted)
    if context.watch is not None:
        context.watch.feed = feed
    return _follow(feed)


async def _follow(feed: Feed) -> AsyncGenerator[Edge, None]:
    async for edge in feed.follow(tailer()):
        yield edge
