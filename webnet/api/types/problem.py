"""A problem that somebody has to do something about."""

from __future__ import annotations

from datetime import datetime

import strawberry

from webnet.api.declarations.fields import field, object_type
from webnet.api.request.context import Info
from webnet.api.types.customer import Customer
from webnet.api.types.plugin import Plugin
from webnet.api.vocabulary.enums import ProblemKind, ProblemSeverity
from webnet.api.vocabulary.node import global_id
from webnet.customers.models import Customer as CustomerRow
from webnet.plugins.health import problems
from webnet.plugins.models import PluginConfig


@object_type
class Problem:
    """Something to do; it is gone once it is solved.

    Attributes:
        kind: What kind of problem it is.
        severity: How bad it is.
        since: When it began, as far as webnet knows.
        acknowledged_at: When somebody said that they know of it; null if nobody did.
    """

    key: str = strawberry.field(description="Names the problem for as long as it lasts.")
    kind: ProblemKind
    severity: ProblemSeverity
    message: str = strawberry.field(description="What is wrong, in a sentence.")
    remedy: str = strawberry.field(description="What to do about it, in a sentence.")
    command: str | None = strawberry.field(
        description="A command for the server that mends it or says more about it; null where there is none."
    )
    since: datetime
    count: int = strawberry.field(description="How many customers, workers or requests it concerns; otherwise 1.")
    acknowledged_by: str | None = strawberry.field(description="The name of who knows of it; null if nobody said so.")
    acknowledged_at: datetime | None

    @field()
    @staticmethod
    def id(root: strawberry.Parent[problems.Problem]) -> strawberry.ID:
        """For caches: names the problem for as long as it lasts, as `key` does. `node` does not find it."""
        return global_id("Problem", root.key)

    @field(graphql_type=Plugin | None)
    @staticmethod
    def plugin(root: strawberry.Parent[problems.Problem], info: Info) -> PluginConfig | None:
        """The plugin that it is about."""
        return info.context.reading.find_plugin(root.plugin) if root.plugin is not None else None

    @field(graphql_type=Customer | None)
    @staticmethod
    def customer(root: strawberry.Parent[problems.Problem]) -> CustomerRow | None:
        """The customer whose problem it is; null for one of the platform."""
        return root.customer
