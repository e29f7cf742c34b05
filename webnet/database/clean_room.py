"""What a plugin's code has left on this thread's database connections, seen without a statement, and put right."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from threading import get_ident, local
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from django.db import DatabaseError

from webnet.plugin_calls import PluginCall, current_call, host_code

if TYPE_CHECKING:
    from webnet.database.guarded_connection import GuardedConnection

logger = logging.getLogger(__name__)


class ConnectionState(NamedTuple):
    """What tells whether a connection is as it was; `transaction` is the driver's word, IDLE to CLOSED."""

    wrapper: GuardedConnection
    driver: Any
    transaction: int
    is_atomic: bool
    needs_rollback: bool
    is_autocommit: bool
    savepoints: tuple[Any, ...]
    blocks: tuple[Any, ...]
    execute_wrappers: tuple[Any, ...]


IDLE, OPEN, FAILED, CLOSED = range(4)


class _Room(local):
    """The connections that were made on this thread; Django gives each thread its own."""

    def __init__(self) -> None:
        self.wrappers: list[ref[GuardedConnection]] = []


_room = _Room()


def add_connection(wrapper: GuardedConnection) -> None:
    """Watch a connection that this thread has made, of whatever alias, for as long as it exists."""
    wrappers = _room.wrappers
    wrappers.append(ref(wrapper, wrappers.remove))


def remember_state() -> None:
    """Note on the current call how this thread's connections are, before it uses one; to be called before each use.

    So a call that uses none, such as most of those for each row of a list, costs nothing.
    """
    call = current_call()
    if call is None:
        return
    if call.before_use is None:
        call.before_use = {}
    thread = get_ident()
    if thread not in call.before_use:
        call.before_use[thread] = _look()


def is_in_host_transaction(call: PluginCall) -> bool:
    """Whether a transaction was open on this thread before the call used a connection."""
    return any(state.is_atomic for state in (call.before_use or {}).get(get_ident(), ()))


def is_in_own_block(wrapper: GuardedConnection) -> bool:
    """Whether the current call has opened a `transaction.atomic()` of its own on the connection."""
    call = current_call()
    before = (call.before_use or {}).get(get_ident(), ()) if call is not None else ()
    return any(state.wrapper is wrapper and len(wrapper.atomic_blocks) > len(state.blocks) for state in before)


def mark_for_closing() -> None:
    """Have Django close this thread's connections when its request is over, as it closes those that are too old."""
    for each in _room.wrappers:
        if (wrapper := each()) is not None:
            wrapper.close_at = 0


def put_right(call: PluginCall, *, has_raised: bool) -> list[str]:
    """Put right what the call has left on this thread, and describe each of it, such as "an open transaction".

    A connection outside of any transaction is closed. Within one of the host's, what is left can only be undone with
    all of it, which the caller must do.
    """
    before: list[ConnectionState] | None = (call.before_use or {}).pop(get_ident(), None)
    if before is None:
        return []
    left: list[str] = []
    known = {id(state.wrapper): state for state in before}
    with host_code():  # The call may have been made by that of another plugin.
        for now in _look():
            former = known.get(id(now.wrapper), _at_rest(now.wrapper))
            if former.is_atomic:
                found = [*_compare_wrappers(former, now), *_compare_within(former, now, call, has_raised=has_raised)]
            else:
                found = [*_compare_wrappers(former, now), *_compare_outside(now)]
            # A lost connection may be the database's fault, and nobody meets anything on it.
            if found or (now.transaction == CLOSED and not former.is_atomic):
                _put_right(former, now.wrapper)
            left += found
        if call.changed_session:
            left.append(f"a changed session ({call.changed_session})")
            _close_marked()
    return left


def _look() -> list[ConnectionState]:
    return [wrapper.look() for each in _room.wrappers if (wrapper := each()) is not None]


def _at_rest(wrapper: GuardedConnection) -> ConnectionState:
    """The state of a connection that was not opened yet."""
    return ConnectionState(
        wrapper=wrapper,
        driver=None,
        transaction=IDLE,
        is_atomic=False,
        needs_rollback=False,
        is_autocommit=False,
        savepoints=(),
        blocks=(),
        execute_wrappers=(),
    )


def _compare_wrappers(former: ConnectionState, now: ConnectionState) -> Iterator[str]:
    if now.execute_wrappers != former.execute_wrappers:
        yield "other execute_wrappers"


def _compare_outside(now: ConnectionState) -> Iterator[str]:
    """Outside of any transaction of the host's: whatever the former state was, nothing may be open now."""
    if now.is_atomic:
        yield "an open transaction.atomic()"
    elif now.transaction in (OPEN, FAILED):
        yield "a failed transaction" if now.transaction == FAILED else "an open transaction"
    elif now.wrapper.closed_in_transaction:
        yield "a connection that was closed within an open transaction.atomic()"
    elif now.needs_rollback or (now.driver is not None and not now.is_autocommit and now.transaction != CLOSED):
        yield "a connection without autocommit"


def _compare_within(
    former: ConnectionState, now: ConnectionState, call: PluginCall, *, has_raised: bool
) -> Iterator[str]:
    """Within a transaction of the host's: it must be the same one, at the same depth."""
    if now.driver is not former.driver or now.transaction == CLOSED or now.wrapper.closed_in_transaction:
        yield "a closed connection, and thus an ended transaction of webnet's"
    # The driver begins a transaction with its first statement, so that being idle alone proves nothing.
    elif (
        call.controlled_transaction
        or (now.transaction == IDLE != former.transaction)
        or len(now.blocks) < len(former.blocks)
    ):
        yield f"an ended transaction of webnet's ({call.controlled_transaction or 'past Django'})"
    elif now.blocks != former.blocks or now.savepoints != former.savepoints:
        yield "an open transaction.atomic()"
    # An exception says so already, and so does whoever has decided that all of it is undone.
    elif now.transaction == FAILED != former.transaction and not (has_raised or now.needs_rollback):
        yield "a failed transaction, whose error it caught"


def _put_right(former: ConnectionState, wrapper: GuardedConnection) -> None:
    wrapper.execute_wrappers = list(former.execute_wrappers)
    if not former.is_atomic:
        discard(wrapper)
        return
    wrapper.close_at = 0
    # The blocks that were left open are the plugin's; of webnet's own, Django's `Atomic` objects take care.
    wrapper.savepoint_ids, wrapper.atomic_blocks = list(former.savepoints), list(former.blocks)


def _close_marked() -> None:
    """Close what `mark_for_closing` has marked; within a transaction that is left to the end of the request."""
    for each in _room.wrappers:
        if (wrapper := each()) is not None and wrapper.close_at == 0 and not wrapper.in_atomic_block:
            discard(wrapper)


def discard(wrapper: GuardedConnection) -> None:
    """Close a connection in whatever state; the next statement opens another."""
    # Otherwise Django would keep it, to refuse everything until the end of the block.
    wrapper.in_atomic_block, wrapper.needs_rollback, wrapper.closed_in_transaction = False, False, False
    wrapper.savepoint_ids, wrapper.atomic_blocks, wrapper.run_on_commit = [], [], []
    with suppress(DatabaseError):
        wrapper.close()
    if wrapper.driver is not None:  # A database in memory, which would be lost with its connection.
        wrapper.driver.rollback()
        wrapper.set_autocommit(True)
