"""How far the rows that the viewer may read were verified."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.api.request.reader import Reading
from webnet.audit import verification_state
from webnet.audit.verification_state import VerificationState
from webnet.customers.models import Role


@dataclass(frozen=True, kw_only=True)
class ShownVerification:
    """The state of the whole log, or of the chain of a customer; `name` is the customer's slug or empty."""

    name: str
    state: VerificationState


def find_verification(reading: Reading, slug: str | None) -> ShownVerification | None:
    """That of the customer with the slug, or of the view's; without either, of the whole log.

    None for a viewer who may not read these rows.
    """
    customer = reading.find_customer(slug) if slug is not None else reading.view
    if customer is not None and reading.has_role(Role.OPERATOR, customer):
        return ShownVerification(name=customer.slug, state=verification_state.of_customer(customer.pk))
    if customer is None and slug is None and reading.actor.is_platform_operator:
        return ShownVerification(name="", state=verification_state.of_log())
    return None
