"""What clients are told of what went wrong; of plugins' failures it is counted, for the customers concerned."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import GraphQLError

from webnet.api.errors import FieldFailed, describe, find_cause
from webnet.api.request.context import Context
from webnet.api.request.reader import Reading
from webnet.plugins.runtime.failures import count_for_user

MAXIMUM_CONCERNED = 20


def tell_errors(errors: Iterable[GraphQLError] | None, context: Context) -> list[GraphQLError]:
    """The errors as clients see them."""
    told = []
    for error in errors or ():
        cause = find_cause(error)
        if isinstance(cause, FieldFailed):
            _count(cause, context)
        told.append(describe(error, request_id=context.request_id))
    return told


def _count(failed: FieldFailed, context: Context) -> None:
    user_id = context.actor.user_id
    for customer_id in _find_concerned(failed, context.reading):
        count_for_user(
            failed.plugin, user_id=user_id, customer_id=customer_id, raised=failed.error, place=f"at {failed.place}"
        )


def _find_concerned(failed: FieldFailed, reading: Reading) -> list[int | None]:
    """The customer of the row or of the view; else the platform, where its operator looks.

    A view of several customers can't tell which of them it was, so it counts for each: never for other people's. One
    of very many says too little about any of them.
    """
    if failed.customer_id is not None:
        return [failed.customer_id]
    if reading.view is not None:
        return [reading.view.pk]
    if reading.actor.is_platform_operator:
        return [None]
    customers = [each.pk for each in reading.all_customers() if failed.plugin in reading.state_of(each).effective]
    return list(customers) if len(customers) <= MAXIMUM_CONCERNED else []
