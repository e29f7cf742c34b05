"""What can be followed: the root of subscriptions."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from strawberry import UNSET

from webnet.api.events.follow import follow_audit_log
from webnet.api.paging.connections import Edge
from webnet.api.request.context import Info
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.types.audit_log import PluginAuditLogEdge
from webnet.api.vocabulary.declare import subscription


@strawberry.type(description="What can be followed.")
class Subscription:
    @subscription(
        graphql_type=PluginAuditLogEdge,
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
        filter: PluginAuditLogFilter | None = UNSET,  # noqa: A002 - the name in the schema
    ) -> AsyncGenerator[Edge, None]:
        return follow_audit_log(info.context, after=after or None, wanted=filter or None)
