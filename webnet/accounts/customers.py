"""Writes customers: created and changed by platform operators, audited in the customer's own chain."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.accounts.names import refuse_taken
from webnet.accounts.text import clean_line
from webnet.audit.operation import Operation, audited, create_generation, lock_customer, renew_customer
from webnet.customers.access import Actor, find_customer, require_operator
from webnet.customers.models import Customer, is_slug
from webnet.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class CustomerChange:
    """The customer as it is now."""

    customer: Customer
    changed: bool


def create(*, actor: Actor, slug: str, name: str, reason: str | None = "") -> Customer:
    """Make a customer, with its first generation. Raises PermissionDenied or InvalidInput (also NAME_TAKEN)."""
    return _create(Operation(actor=actor, action="create_customer", reason=reason), slug=slug, name=name)


def update(
    *, actor: Actor, customer: str, name: str | None = None, is_active: bool | None = None, reason: str | None = ""
) -> CustomerChange:
    """Rename or (de)activate the customer of this slug; None leaves a value as it is.

    Raises NotFound, PermissionDenied or InvalidInput. For an inactive customer no plugin is effective.
    """
    operation = Operation(actor=actor, action="update_customer", reason=reason)
    return _update(operation, customer, name=name, is_active=is_active)


@audited
def _create(operation: Operation, *, slug: str, name: str) -> Customer:
    require_operator(operation.actor)
    if not is_slug(slug):
        raise InvalidInput(
            "A slug has up to 50 characters of a-z, 0-9 and '-', and no '-' at either end.", field="slug"
        )
    customer = Customer(slug=slug, name=clean_line(name, field="name", maximum_length=200))
    with refuse_taken(f"There is a customer '{slug}' already.", field="slug"):
        customer.save(force_insert=True)
    create_generation(customer)
    operation.customer = customer
    operation.record(after=_describe(customer))
    return customer


@audited
def _update(operation: Operation, slug: str, *, name: str | None, is_active: bool | None) -> CustomerChange:
    operation.customer = customer = find_customer(operation.actor, slug)
    require_operator(operation.actor)
    cleaned = None if name is None else clean_line(name, field="name", maximum_length=200)
    lock_customer(customer)
    customer.refresh_from_db(fields=["name", "is_active"])
    before = _describe(customer)
    customer.name = customer.name if cleaned is None else cleaned
    customer.is_active = customer.is_active if is_active is None else is_active
    if _describe(customer) == before:
        return CustomerChange(customer=customer, changed=False)
    customer.save(update_fields=["name", "is_active"])
    renew_customer(customer)
    operation.record(before=before, after=_describe(customer))
    return CustomerChange(customer=customer, changed=True)


def _describe(customer: Customer) -> dict[str, object]:
    return {"slug": customer.slug, "name": customer.name, "is_active": customer.is_active}
