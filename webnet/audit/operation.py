"""The frame of every change: one transaction, a savepoint for the change, its audit row last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import F

from webnet.audit import log as audit_log
from webnet.audit import notify, repeated_refusals
from webnet.audit.models import AuditOutcome, Generation, new_token
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import HookFailed, NotFound, Refusal

T = TypeVar("T")

MAXIMUM_ATTEMPTS = 5
# PostgreSQL: serialization_failure, deadlock_detected (SQLSTATE class 40).
TRANSIENT_SQLSTATES = frozenset({"40001", "40P01"})


@dataclass(frozen=True)
class Change:
    """What became of one plugin, for its audit row; `customer` and `action` are the operation's where left out."""

    plugin_name: str
    plugin_version: str = ""
    before: Any = None
    after: Any = None
    customer: Customer | None = None
    action: str = ""


class _Raised(HookFailed):
    """What a plugin's block raised, for its audit row; the text may hold what only the plugin should know."""

    code = "OPERATION_FAILED"

    def __init__(self, error: Exception, *, plugin: str) -> None:
        super().__init__(f"'{plugin}' raised {type(error).__name__}.", plugin_name=plugin)
        self.error = error


@dataclass(kw_only=True)
class Operation:
    """One audited operation. The change sets `changed`, and what its audit row shall say, as it goes.

    While `changed` is False nothing is recorded: what already holds is a success that writes nothing.
    `also` holds what changed along with it: a row each, before the operation's own. `token` names this operation.
    """

    actor: Actor
    action: str
    reason: str | None = ""
    customer: Customer | None = None
    plugin_name: str = ""
    plugin_version: str = ""
    before: Any = None
    after: Any = None
    also: list[Change] = field(default_factory=list, init=False)
    token: str = field(default_factory=new_token, init=False)
    changed: bool = field(default=False, init=False)

    def run(self, change: Callable[[], T]) -> T:
        """Carry the change out whole or not at all; a refusal is recorded, then raised again.

        `change` may run more than once: deadlocks and serialisation failures are tried again.
        """
        start = (self.customer, self.plugin_version, self.before, self.after)
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            self.customer, self.plugin_version, self.before, self.after = start
            self.also, self.changed = [], False
            try:
                return self._attempt(change)
            except OperationalError as error:
                if attempt == MAXIMUM_ATTEMPTS or not is_transient(error):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Run `callback` once the change is committed; what it raises is logged, not passed on."""
        transaction.on_commit(callback, robust=True)

    def _attempt(self, change: Callable[[], T]) -> T:
        with self._frame():
            return change()

    @contextmanager
    def block(self) -> Iterator[None]:
        """The same around a `with` block, which can't be tried again; what else it raises is recorded as failed."""
        try:
            with self._frame():
                try:
                    yield
                except (Refusal, OperationalError):
                    raise
                except Exception as error:
                    raise _Raised(error, plugin=self.plugin_name) from error
        except _Raised as raised:
            raise raised.error from raised.error.__cause__

    @contextmanager
    def _frame(self) -> Iterator[None]:
        """One transaction with a savepoint for the change, and what is to be recorded after that."""
        refusal: Refusal | None = None
        with transaction.atomic(durable=True):
            try:
                with transaction.atomic():
                    yield
            except Refusal as error:
                refusal = error
                self._record(refusal)
            else:
                if self.changed:
                    self._record(None)
        if refusal is not None:
            raise refusal

    def _record(self, refusal: Refusal | None) -> None:
        if refusal is not None:
            entry = self._entry(Change(self.plugin_name, self.plugin_version), refusal)
            if repeated_refusals.is_repeated(entry, refusal):
                return
            entries = [entry]
        else:
            own = Change(self.plugin_name, self.plugin_version, before=self.before, after=self.after)
            entries = [self._entry(change, None) for change in (*self.also, own)]
        repeated_refusals.append_due()
        for each in entries:
            audit_log.record(each)
        self.after_commit(notify.publish)

    def _entry(self, change: Change, refusal: Refusal | None) -> audit_log.AuditEntry:
        # A NotFound must not betray whether the thing is foreign or missing, also not by the chain it is in.
        return audit_log.AuditEntry(
            actor=self.actor,
            action=change.action or self.action,
            outcome=_outcome(refusal),
            customer=None if isinstance(refusal, NotFound) else change.customer or self.customer,
            plugin_name=change.plugin_name,
            plugin_version=change.plugin_version,
            error_code=refusal.code if refusal else "",
            reason=self.reason or "",
            before=change.before,
            after=change.after,
        )


def is_transient(error: OperationalError) -> bool:
    """Whether the same transaction may succeed when it is tried again."""
    return getattr(error.__cause__, "sqlstate", None) in TRANSIENT_SQLSTATES


def lock_platform() -> None:
    """Hold the platform's generation until the end of the transaction: no other change passes."""
    _lock(None)


def lock_customer(customer: Customer) -> None:
    """Hold the customer's generation, and share the platform's, so that no global change passes this one."""
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(Generation._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} WHERE customer_id IS NULL FOR SHARE")  # noqa: S608 - our own name
    _lock(customer)


def renew_platform() -> None:
    """Say that the platform's rows changed: whatever was derived from them is derived anew."""
    _renew(None)


def renew_customer(customer: Customer) -> None:
    """Say that the customer's rows changed."""
    _renew(customer)


def create_generation(customer: Customer | None) -> None:
    """Make the first generation of a new customer, or of the platform, where there is none."""
    Generation.objects.bulk_create([Generation(customer=customer)], ignore_conflicts=True)


def _rows(customer: Customer | None) -> Any:
    return Generation.objects.filter(customer=customer) if customer else Generation.objects.filter(customer=None)


def _lock(customer: Customer | None) -> None:
    rows = _rows(customer).select_for_update()
    if rows.first() is None:
        create_generation(customer)
        rows.first()


def _renew(customer: Customer | None) -> None:
    _rows(customer).update(counter=F("counter") + 1, token=new_token())


def _outcome(refusal: Refusal | None) -> AuditOutcome:
    if refusal is None:
        return AuditOutcome.SUCCEEDED
    return AuditOutcome.FAILED if isinstance(refusal, HookFailed) else AuditOutcome.REFUSED
