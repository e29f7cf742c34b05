"""The frame of every change: one transaction, with a savepoint for the change, and its audit rows last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, partial, wraps
from threading import local
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F

from webnet.audit import log as audit_log
from webnet.audit.models import AuditOutcome, Generation, new_token
from webnet.customers.access import Actor, find_customer, recognise
from webnet.customers.models import Customer, Membership, is_slug
from webnet.database.deadlines import until
from webnet.database.guard import refusing_transaction_control
from webnet.database.held_transaction import has_ended
from webnet.database.model_columns import ModelColumns
from webnet.django_internals import allow_durable_blocks, forget_transaction, make_commit_hooks_robust
from webnet.errors import HookFailed, NotFound, Refusal
from webnet.plugin_calls import activity, current_call

P = ParamSpec("P")
T = TypeVar("T")

# A deadlock needs two changes of the same rows; five in a row mean that something else is wrong.
MAXIMUM_ATTEMPTS = 5
# PostgreSQL: serialization_failure, deadlock_detected (SQLSTATE class 40).
TRANSIENT_SQLSTATES = frozenset({"40001", "40P01"})
# Of the one row without a customer.
PLATFORM_GENERATION = "SELECT token FROM plugins_generation WHERE customer_id IS NULL"
CUSTOMER, GENERATION = ModelColumns(Customer, "c"), ModelColumns(Generation, "g")
ENDED = "The transaction of the mutation was ended while its answer was built."
BROKEN = "A statement failed, and its error was caught: run it in a 'with transaction.atomic()' of its own."


@dataclass(frozen=True)
class ChangeRecord:
    """What was done to one plugin, for its audit row; `customer` and `action` default to those of the operation."""

    plugin_name: str
    plugin_version: str = ""
    before: Any = None
    after: Any = None
    customer: Customer | None = None
    action: str = ""


@dataclass(kw_only=True)
class Operation:
    """One audited operation: who does what to which plugin and why, and what it has changed so far.

    It is the first argument of a function that is `audited`. If that records nothing, nothing is written: a change to
    the state that already holds succeeds. `customer` and `plugin_version` are set as soon as they are known, since
    the row of a refusal names them, too. `token` identifies this operation.
    """

    actor: Actor
    action: str
    reason: str | None = ""
    customer: Customer | None = None
    plugin_name: str = ""
    plugin_version: str = ""
    token: str = field(default_factory=new_token, init=False)
    _own: ChangeRecord | None = field(default=None, init=False)
    _others: list[ChangeRecord] = field(default_factory=list, init=False)

    def record(self, *, before: Any = None, after: Any = None) -> None:
        """Record what the operation changed (JSON without secrets) for its audit row; a second call replaces it."""
        self._own = ChangeRecord(self.plugin_name, self.plugin_version, before=before, after=after)

    def record_other(self, change: ChangeRecord) -> None:
        """Record what was changed along with it; it gets a row of its own, before the operation's."""
        self._others.append(change)

    @property
    def recorded(self) -> ChangeRecord | None:
        """What was recorded of the operation itself; None if nothing was."""
        return self._own

    @property
    def has_changed(self) -> bool:
        """Whether anything was recorded."""
        return self._own is not None or bool(self._others)

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Run `callback` once the change is committed; an exception from it is logged, not raised."""
        transaction.on_commit(callback, robust=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction with a savepoint for the change: all of it happens, or nothing but the row of a refusal."""
        self._own, self._others = None, []
        refusal: Refusal | None = None
        # The transaction of an answer has begun already: then the change's savepoint is the only one.
        has_answer = _answer.refusals is not None
        # For whatever of plugins runs in it, such as receivers of signals; hooks are held in further ways.
        with refusing_transaction_control(), nullcontext() if has_answer else transaction.atomic(durable=True):
            if not has_answer:
                _frame.activity = activity.count
            try:
                with transaction.atomic(durable=has_answer):
                    _answer.has_begun = True
                    yield
                    # With the change, so that one without its row can't stay.
                    if self.has_changed:
                        self._append(self.changed_entries())
            except Refusal as error:
                refusal = error
                if has_ended() or connection.needs_rollback:
                    # A hook has ended the transaction, and what it was for is undone already: another one for the row.
                    forget_transaction()
                    self._write_refusal_again(error)
                else:
                    with transaction.atomic() if has_answer else nullcontext():
                        self._write_refusal(error)
                    if _answer.refusals is not None:
                        _answer.refusals.append(partial(self._write_refusal_again, error))
        if refusal is not None:
            raise refusal

    def changed_entries(self) -> list[audit_log.AuditEntry]:
        """The rows for what was recorded, the operation's own last; none if nothing was."""
        if not self.has_changed:
            return []
        own = self._own or ChangeRecord(self.plugin_name, self.plugin_version)
        return [self._make_entry(change) for change in (*self._others, own)]

    def refused_entry(self, refusal: Refusal) -> audit_log.AuditEntry:
        """The row for the refusal."""
        return self._make_entry(ChangeRecord(self.plugin_name, self.plugin_version), refusal)

    def _write_refusal(self, refusal: Refusal) -> None:
        entry = self.refused_entry(refusal)
        if not audit_log.is_repeated(entry, refusal):
            self._append([entry])

    def _write_refusal_again(self, refusal: Refusal) -> None:
        with transaction.atomic(durable=True):
            self._write_refusal(refusal)

    def _append(self, entries: list[audit_log.AuditEntry]) -> None:
        audit_log.record_all(entries)
        self.after_commit(audit_log.publish)

    def _make_entry(self, change: ChangeRecord, refusal: Refusal | None = None) -> audit_log.AuditEntry:
        outcome = AuditOutcome.SUCCEEDED
        if refusal is not None:
            outcome = AuditOutcome.FAILED if isinstance(refusal, HookFailed) else AuditOutcome.REFUSED
        return audit_log.AuditEntry(
            actor=self.actor,
            action=change.action or self.action,
            outcome=outcome,
            # A NotFound must not reveal, not even by its chain, whether something is missing or another customer's.
            customer=None if isinstance(refusal, NotFound) else change.customer or self.customer,
            plugin_name=change.plugin_name,
            plugin_version=change.plugin_version,
            error_code=refusal.code if refusal else "",
            reason=self.reason or "",
            before=change.before,
            after=change.after,
        )


class _Answer(local):
    """The answer that this thread builds: its refusals, as calls that record them again; None if there is none."""

    refusals: list[Callable[[], None]] | None = None
    is_withdrawn = False
    has_begun = False  # whether an operation has sent a statement


_answer = _Answer()


class _Frame(local):
    """This thread's transaction: what plugins' code had done on it before it began."""

    activity = 0


_frame = _Frame()


def is_undisturbed() -> bool:
    """Whether nothing but the host's own code has run in the current transaction.

    Only then it is known what the rows contain after the host has read or written them: code of a plugin, such as a
    hook or a receiver of signals, may have changed any of them.
    """
    return activity.count == _frame.activity and current_call() is None


@contextmanager
def transaction_with_answer() -> Iterator[None]:
    """One transaction for the operations in the block and the answer that is built of them.

    If the block raises, or calls `undo_with_answer`, nothing of it remains but the rows of refusals.
    """
    _answer.refusals, _answer.is_withdrawn, _answer.has_begun = [], False, False
    is_undone = True
    try:
        with allow_durable_blocks(transaction.atomic()):
            _frame.activity = activity.count
            yield
            is_undone = _answer.is_withdrawn
            # Django would roll back without a word, and the answer would not be true. After a hook that has ended the
            # transaction there is none any more, and PostgreSQL's driver begins one with its first statement.
            is_lost = connection.in_atomic_block and _answer.has_begun and has_ended()
            if is_lost:
                forget_transaction()
            if (is_lost or connection.needs_rollback) and not is_undone:
                is_undone = True
                raise transaction.TransactionManagementError(ENDED if is_lost else BROKEN)
            if is_undone and connection.in_atomic_block:
                transaction.set_rollback(True)
            make_commit_hooks_robust()  # If one raised, the answer would be lost although the change stands.
    except DatabaseError:
        is_undone = True  # The commit itself can fail, such as for a foreign key.
        raise
    finally:
        refusals, _answer.refusals = _answer.refusals, None
        with until(None):  # Who was refused is recorded, even if the time was over meanwhile.
            for record_again in refusals if is_undone else ():
                record_again()


def undo_with_answer() -> None:
    """Undo the operations of the current answer once it is complete, since it says that nothing was changed."""
    _answer.is_withdrawn = True


def audited(change: Callable[Concatenate[Operation, P], T]) -> Callable[Concatenate[Operation, P], T]:
    """Make the function one audited transaction, which is atomic; a refusal is recorded before it is raised.

    The function may run more than once: deadlocks and serialisation failures are retried.
    """

    @wraps(change)
    def run(operation: Operation, /, *args: P.args, **kwargs: P.kwargs) -> T:
        known = operation.customer, operation.plugin_version
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            # What a failed attempt has read may be out of date.
            operation.customer, operation.plugin_version = known
            try:
                with operation.transaction():
                    return change(operation, *args, **kwargs)
            except OperationalError as error:
                if attempt == MAXIMUM_ATTEMPTS or not is_transient(error):
                    raise
        raise AssertionError("the last attempt returns or raises")

    return run


def is_transient(error: OperationalError) -> bool:
    """Whether the same transaction may succeed if it is retried."""
    return getattr(error.__cause__, "sqlstate", None) in TRANSIENT_SQLSTATES


def lock_platform() -> str:
    """Lock the platform's generation until the end of the transaction: every other change waits. Returns its token."""
    return _lock(None)


def lock_customer(customer: Customer) -> None:
    """Lock the customer's generation, and share the platform's, so that global changes wait for this one."""
    share_platform()
    _lock(customer)


def share_platform() -> None:
    """Let global changes wait for this transaction, but not other customers' changes."""
    if connection.vendor == "postgresql":
        # Django has no FOR SHARE. SQLite has one writer anyway: its transactions are IMMEDIATE.
        with connection.cursor() as cursor:
            cursor.execute(PLATFORM_GENERATION + " FOR SHARE")


def find_and_lock_customer(actor: Actor, slug: str) -> tuple[Customer, str]:
    """`access.find_customer` and `lock_customer` in one statement: the customer, and the platform's token.

    Both tokens, that one and `customer.generation.token`, are those of the locked rows: what was read under them
    before holds until this transaction changes it.
    """
    locked = _lock_visible(actor, slug)
    if locked is not None:
        return locked
    # Without a generation, which is made now, or there is no such customer.
    customer = find_customer(actor, slug)
    lock_customer(customer)
    return customer, ""


def _lock_visible(actor: Actor, slug: str) -> tuple[Customer, str] | None:
    # By hand, since Django would compile it anew for each change. Rows of customers that the actor can't see are left
    # out here, and not only by `recognise`: they must neither be locked nor waited for.
    if not is_slug(slug) or not (actor.is_superuser or actor.user_id):
        return None
    wanted: list[Any] = [actor.user_id, slug]
    if actor.only_customer_id is not None:
        wanted.append(actor.only_customer_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _write_lock(connection.vendor, sees_all=actor.is_superuser, is_limited=actor.only_customer_id is not None),
            wanted,
        )
        rows = cursor.fetchall()  # On SQLite an unfinished statement keeps its lock past the commit.
    if not rows:
        return None
    ((*values, role, is_own_default, token),) = rows
    customer = CUSTOMER.read(values[: CUSTOMER.width])
    customer.generation = GENERATION.read(values[CUSTOMER.width :])
    seen = recognise(actor, customer, role=role, is_own_default=bool(is_own_default))
    return (seen, token or "") if seen is not None else None


@cache
def _write_lock(vendor: str, *, sees_all: bool, is_limited: bool) -> str:
    member = ModelColumns(Membership, "m")
    # A subquery in the list of columns runs before the rows are locked: the platform's comes first.
    share, lock = (" FOR SHARE", " FOR UPDATE OF g") if vendor == "postgresql" else ("", "")
    return (
        f"SELECT {CUSTOMER.sql}, {GENERATION.sql}, m.role, m.is_default, ({PLATFORM_GENERATION}{share})"  # noqa: S608 - our own names
        f" FROM {CUSTOMER.table} JOIN {GENERATION.table} ON g.customer_id = c.id"
        f" {'LEFT ' if sees_all else ''}JOIN {member.table} ON m.customer_id = c.id AND m.user_id = %s"
        f" WHERE c.slug = %s{' AND c.id = %s' if is_limited else ''}{lock}"
    )


def renew_platform() -> str:
    """Mark the platform's rows as changed, so that cached values are computed again; returns the new token."""
    return _renew(None)


def renew_customer(customer: Customer) -> str:
    """Mark the customer's rows as changed; returns the new token."""
    return _renew(customer)


def renew_all() -> None:
    """Mark the rows of the platform and of every customer as changed, such as after a backup was restored."""
    create_generation(None)
    for key in Generation.objects.values_list("pk", flat=True):
        Generation.objects.filter(pk=key).update(counter=F("counter") + 1, token=new_token())


def create_generation(customer: Customer | None) -> None:
    """Create the first generation of a new customer, or of the platform, if there is none."""
    Generation.objects.bulk_create([Generation(customer=customer)], ignore_conflicts=True)


def _lock(customer: Customer | None) -> str:
    rows = Generation.objects.filter(customer=customer).select_for_update()
    generation = rows.first()
    if generation is None:
        # Read before the lock, and purged by whoever had it: rows of that customer would fail at the commit.
        if customer is not None and not Customer.objects.filter(pk=customer.pk).exists():
            raise NotFound.customer(customer.slug)
        create_generation(customer)
        generation = rows.get()
    return generation.token


def _renew(customer: Customer | None) -> str:
    # Both a counter and a random token: after a rollback or a restored backup the same number comes back.
    token = new_token()
    whose = "customer_id IS NULL" if customer is None else "customer_id = %s"
    sql = f"UPDATE plugins_generation SET counter = counter + 1, token = %s WHERE {whose}"  # noqa: S608 - our own text
    with connection.cursor() as cursor:
        cursor.execute(sql, [token] if customer is None else [token, customer.pk])
    return token
