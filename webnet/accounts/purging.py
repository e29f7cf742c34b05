"""Removes a customer for good, with all its rows of the host and of plugins; only the audit log keeps what it says."""

from __future__ import annotations

from dataclasses import dataclass, field

from webnet.audit.operation import Operation, audited, lock_platform, renew_platform
from webnet.customers.access import Actor, find_customer, require_operator
from webnet.customers.models import Customer
from webnet.database.deletion import collect
from webnet.database.foreign_keys import delete_rows_without_model


@dataclass(frozen=True, kw_only=True)
class Purge:
    """How many rows went, or would go, by table; `passed_by` are tables that are not there."""

    slug: str
    deleted: dict[str, int] = field(default_factory=dict)
    passed_by: tuple[str, ...] = ()


def preview(*, actor: Actor, customer: str) -> Purge:
    """What a purge would delete through the models that are installed. Changes nothing."""
    found = _find(actor, customer)
    rows = collect([found], owner=found)
    return Purge(slug=customer, deleted=rows.count(), passed_by=tuple(sorted(rows.passed_by)))


def purge(*, actor: Actor, customer: str, reason: str | None = "") -> Purge:
    """Delete the customer and its rows, whatever plugins are missing or not migrated; platform operators only.

    Raises NotFound, PermissionDenied, or DependencyRefusal where a plugin's rows hold the customer fast.
    """
    return _purge(Operation(actor=actor, action="purge_customer", reason=reason), customer)


@audited
def _purge(operation: Operation, slug: str) -> Purge:
    customer = _find(operation.actor, slug)
    # The platform's lock keeps all changes of this customer away, and so does its chain of audit rows end here.
    lock_platform()
    orphans = delete_rows_without_model(customer)
    rows = collect([customer], owner=customer)
    done = Purge(slug=slug, deleted=orphans | rows.count(), passed_by=tuple(sorted(rows.passed_by)))
    operation.record(
        before={"slug": slug, "name": customer.name, "is_active": customer.is_active},
        after={"deleted": done.deleted, "passedBy": list(done.passed_by)},
    )
    rows.delete()
    renew_platform()
    return done


def _find(actor: Actor, slug: str) -> Customer:
    require_operator(actor)
    return find_customer(actor, slug)
