"""Creates, changes and purges customers: for platform operators only, audited."""

from __future__ import annotations

from dataclasses import dataclass, field

from webnet.accounts.validation import clean_line, unique_name
from webnet.audit.operation import (
    Operation,
    audited,
    create_generation,
    lock_customer,
    lock_platform,
    renew_customer,
    renew_platform,
)
from webnet.customers.access import Actor, find_customer, require_operator
from webnet.customers.models import Customer, is_slug
from webnet.database.deletion import collect
from webnet.database.foreign_keys import delete_rows_without_model
from webnet.input_faults import InputFaults
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class CustomerChange:
    """The customer after the change."""

    customer: Customer
    changed: bool


@dataclass(frozen=True, kw_only=True)
class Purge:
    """How many rows were deleted, or would be, by table; `missing_tables` do not exist (yet)."""

    slug: str
    deleted: dict[str, int] = field(default_factory=dict)
    missing_tables: tuple[str, ...] = ()


def create(*, actor: Actor, slug: str, name: str, reason: str | None = "") -> Customer:
    """Create a customer and its first generation. Raises PermissionDenied or InvalidInput (also NAME_TAKEN)."""
    return _create(Operation(actor=actor, action="create_customer", reason=reason), slug=slug, name=name)


def update(
    *, actor: Actor, customer: str, name: str | None = None, is_active: bool | None = None, reason: str | None = ""
) -> CustomerChange:
    """Rename or (de)activate the customer of this slug; None leaves a value unchanged.

    No plugin is effective for an inactive customer. Raises NotFound, PermissionDenied or InvalidInput.
    """
    operation = Operation(actor=actor, action="update_customer", reason=reason)
    return _update(operation, customer, name=name, is_active=is_active)


def preview_purge(*, actor: Actor, customer: str) -> Purge:
    """What a purge would delete through the installed models. Changes nothing."""
    require_operator(actor)
    found = find_customer(actor, customer)
    rows = collect([found], owner=found)
    return Purge(slug=customer, deleted=rows.count(), missing_tables=tuple(sorted(rows.skipped_tables)))


def purge(*, actor: Actor, customer: str, reason: str | None = "") -> Purge:
    """Delete the customer and all its rows, also those of plugins that are missing or not migrated.

    Only the audit log remains. Raises NotFound, PermissionDenied, or DependencyRefusal where a plugin's rows still
    refer to the customer.
    """
    return _purge(Operation(actor=actor, action="purge_customer", reason=reason), customer)


@audited
def _create(operation: Operation, *, slug: str, name: str) -> Customer:
    require_operator(operation.actor)
    taken = sentence("There is already a customer '{customer}'.", customer=slug)
    customer, faults = Customer(slug=slug), InputFaults()
    if not is_slug(slug):
        message = sentence("A slug has up to 50 characters of a-z, 0-9 and '-', and no '-' at either end.")
        faults.add(message, "slug")
    with faults.gather():
        customer.name = clean_line(name, field="name", maximum_length=200)
    if faults and is_slug(slug) and Customer.objects.filter(slug=slug).exists():
        faults.add(taken, "slug", code="NAME_TAKEN")
    faults.refuse()
    with unique_name(taken, field="slug"):
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
    customer.save(update_fields=["name", "is_active", "updated_at"])
    renew_customer(customer)
    operation.record(before=before, after=_describe(customer))
    return CustomerChange(customer=customer, changed=True)


@audited
def _purge(operation: Operation, slug: str) -> Purge:
    require_operator(operation.actor)
    customer = find_customer(operation.actor, slug)
    # The platform's lock keeps out every change to this customer. It also decides the chain of the audit row: the
    # platform's, since `operation.customer` stays unset and the customer's own chain must not get a row any more.
    lock_platform()
    orphans = delete_rows_without_model(customer)
    rows = collect([customer], owner=customer)
    done = Purge(slug=slug, deleted=orphans | rows.count(), missing_tables=tuple(sorted(rows.skipped_tables)))
    operation.record(before=_describe(customer), after={"deleted": done.deleted, "passedBy": list(done.missing_tables)})
    rows.delete()
    renew_platform()
    return done


def _describe(customer: Customer) -> dict[str, object]:
    return {"slug": customer.slug, "name": customer.name, "is_active": customer.is_active}
