"""The frame of many operations in one transaction: their locks, their rows of the log, their customers' generations.

What it writes is what `operation` writes for each of them, in a few statements for all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction

from webnet.audit import log as audit_log
from webnet.audit.models import Generation, new_token
from webnet.audit.operation import MAXIMUM_ATTEMPTS, Operation, is_transient, share_platform
from webnet.customers.models import Customer
from webnet.database.guard import refusing_transaction_control
from webnet.errors import Refusal

# Each customer's counter goes on, and each gets a token of its own: those of two customers must not tell of each other.
# Both databases name the columns of VALUES like this.
RENEWAL = (
    "UPDATE plugins_generation SET counter = counter + 1, token = fresh.column2 FROM (VALUES {}) AS fresh "
    "WHERE plugins_generation.customer_id = fresh.column1"
)


@dataclass(frozen=True, kw_only=True)
class EndedOperation:
    """One operation of a transaction, which has changed what it recorded, or was refused."""

    operation: Operation
    refusal: Refusal | None = None


def run_together(change: Callable[[], Sequence[EndedOperation]]) -> None:
    """Call `change` in one transaction, and append the audit rows of the operations that it returns, in their order.

    It must have written nothing for an operation that was refused. It may run more than once, and makes its operations
    anew: deadlocks and serialisation failures are retried.
    """
    for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
        try:
            with refusing_transaction_control(), transaction.atomic(durable=True):
                _append_rows(change())
            return
        except OperationalError as error:
            if attempt == MAXIMUM_ATTEMPTS or not is_transient(error):
                raise


def lock_customers(customers: Collection[Customer]) -> frozenset[int]:
    """`lock_customer` for many, in the order of their keys; returns the keys of those that still exist."""
    share_platform()
    wanted = {customer.pk for customer in customers}
    locked = _lock(wanted)
    if missing := wanted - locked:
        # Read before the lock, and purged by whoever had it; or a customer without a generation, which is made.
        left = Customer.objects.filter(pk__in=missing)
        Generation.objects.bulk_create([Generation(customer=each) for each in left], ignore_conflicts=True)
        locked |= _lock(missing)
    return frozenset(locked)


def renew_customers(keys: Collection[int]) -> None:
    """`renew_customer` for many, whose generations are locked."""
    if keys:
        values = [value for key in keys for value in (key, new_token())]
        with connection.cursor() as cursor:
            cursor.execute(RENEWAL.format(", ".join(["(%s, %s)"] * len(keys))), values)


def _lock(keys: Collection[int]) -> set[int]:
    # In one order, or two batches would wait for each other.
    rows = Generation.objects.filter(customer__in=keys).order_by("customer").select_for_update()
    return set(rows.values_list("customer", flat=True))


def _append_rows(ended: Sequence[EndedOperation]) -> None:
    refused = {
        place: (each.operation.refused_entry(each.refusal), each.refusal)
        for place, each in enumerate(ended)
        if each.refusal is not None
    }
    repeated: Mapping[int, bool] = dict(zip(refused, audit_log.are_repeated([*refused.values()]), strict=True))
    entries: list[audit_log.AuditEntry] = []
    for place, each in enumerate(ended):
        if place not in refused:
            entries += each.operation.changed_entries()
        elif not repeated[place]:
            entries.append(refused[place][0])
    if entries:
        audit_log.record_all(entries)
        transaction.on_commit(audit_log.publish, robust=True)
