"""What operators say about problems."""

from __future__ import annotations

import strawberry

from webnet.api.declarations.fields import input_type, object_type
from webnet.api.declarations.mutations import mutation
from webnet.api.request.context import Info
from webnet.api.resolvers.problems import translate
from webnet.api.types.problem import Problem
from webnet.errors import NotFound
from webnet.plugins.health import problems
from webnet.plugins.manager import manager


@input_type
class AcknowledgeProblemInput:
    """Which problem somebody knows of.

    Attributes:
        key: The `key` of the problem.
        customer: The slug of the customer whose problem it is; null for one of the platform.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    key: str
    customer: str | None = None
    reason: str | None = None


@object_type
class AcknowledgeProblemPayload:
    """The problem, which is there until it is solved.

    Attributes:
        problem: The problem as it is now.
    """

    problem: problems.Problem = strawberry.field(graphql_type=Problem)


@strawberry.type
class ProblemMutations:
    @mutation(NotFound)
    def acknowledge_problem(self, info: Info, input: AcknowledgeProblemInput) -> AcknowledgeProblemPayload:
        """Tells the other operators that somebody knows of the problem. If it begins again later, nobody does."""
        info.context.require_in_view(input.customer)
        problem = manager.acknowledge_problem(
            input.key, actor=info.context.actor, customer=input.customer, reason=input.reason
        )
        return AcknowledgeProblemPayload(problem=translate(problem))
