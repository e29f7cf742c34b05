"""Converts errors for clients, and counts failures of plugins, but not refused values, for the customers affected."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.conf import settings
from graphql import GraphQLError

from webnet.api.engine.client_values import find_refusal
from webnet.api.errors import FieldFailed, describe_error, find_cause, find_outage_behind, without_suggestions
from webnet.api.execution.failure_details import describe_failure
from webnet.api.execution.isolation import find_raiser
from webnet.api.request.context import Context
from webnet.api.request.reader import Reading
from webnet.containment import REFUSED_VALUE
from webnet.plugins.runtime.failures import count_for_user
from webnet.values.viewer_language import for_viewer

logger = logging.getLogger(__name__)

# In a view of more customers than this, a failure says too little about any single one of them.
MAXIMUM_AFFECTED = 20


def report_errors(errors: Iterable[GraphQLError] | None, context: Context) -> list[GraphQLError]:
    """The errors as clients see them; failures of plugins are counted."""
    found, reported = list(errors or ()), []
    # What else fails in such an answer follows from it: nobody is to blame, and the customers can't be read.
    is_during_outage = any(find_outage_behind(error) for error in found)
    for error in found:
        cause, answered = find_cause(error), error
        raised = cause.error if isinstance(cause, FieldFailed) else cause
        refusal = find_refusal(error, raised) if raised is not None else None
        if refusal is not None:
            # For the author of that field, who could say it more clearly. The exception's text may hold the value.
            place, name = cause.place if isinstance(cause, FieldFailed) else error.path, type(raised).__name__
            logger.warning(
                "Request %s: a value passed on at %s raised %s: check it.",
                *(context.request_id, place, name),
                extra={REFUSED_VALUE: raised},
            )
            answered = GraphQLError(for_viewer(refusal.message), error.nodes, path=error.path, original_error=refusal)
        if not context.is_signed_in:
            answered = without_suggestions(answered)
        shown = describe_error(answered, request_id=context.request_id)
        if refusal is None and not is_during_outage and isinstance(cause, FieldFailed):
            _count(cause, context)
            if settings.DEBUG and shown.extensions is not None:
                shown.extensions["debug"] = describe_failure(cause)
        reported.append(shown)
    return reported


def count_raiser(error: BaseException, context: Context | None) -> None:
    """Count what ended a whole operation, and not only a field, for the plugin that raised it, if one did."""
    plugin = find_raiser(error)
    if plugin is not None and context is not None:
        _count(FieldFailed(error, plugin=plugin, place="the operation"), context)


def _count(failed: FieldFailed, context: Context) -> None:
    for customer_id in _find_affected_customers(failed, context.reading):
        count_for_user(
            failed.plugin,
            user_id=context.actor.user_id,
            customer_id=customer_id,
            raised=failed.error,
            place=f"at {failed.place}",
        )


def _find_affected_customers(failed: FieldFailed, reading: Reading) -> list[int | None]:
    """The customer of the row or of the view, or None for the platform if a platform operator sent the request.

    In a view of several customers it is unknown which of them the failure affects, so it counts for each of them.
    """
    if failed.customer_id is not None:
        return [failed.customer_id]
    if reading.view is not None:
        return [reading.view.pk]
    if reading.actor.is_platform_operator:
        return [None]
    customers = [each.pk for each in reading.all_customers() if failed.plugin in reading.state_of(each).effective]
    return list(customers) if len(customers) <= MAXIMUM_AFFECTED else []
