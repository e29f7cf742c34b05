"""The one place where it becomes known that a plugin's hook or health check failed at run time."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from webnet.customers.models import Customer
from webnet.plugins.runtime.failure_counter import count

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RuntimeFailure:
    """What failed, for whom, and why in words that hold nothing of the exception's own text.

    `hook` is one of a change (`on_enable`, `on_disable`, `after_enable`, `after_disable`) or `health_check`; `error` is
    None where it gave no answer in time.
    """

    plugin: str
    customer: Customer | None
    hook: str
    why: str
    error: BaseException | None = None


def tell(failure: RuntimeFailure) -> None:
    """Log it, with the traceback, and count it."""
    whom = f" for '{failure.customer.slug}'" if failure.customer is not None else ""
    logger.warning("Plugin '%s'%s: %s", failure.plugin, whom, failure.why, exc_info=failure.error)
    customer_id = failure.customer.pk if failure.customer is not None else None
    count(failure.plugin, customer_id=customer_id, raised=failure.error, place=f"in {failure.hook}")


def describe(hook: str, error: BaseException) -> str:
    """The kind of what a hook raised; its text may hold what only the plugin should know."""
    return f"its {hook} raised {type(error).__name__}."
