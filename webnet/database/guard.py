"""Sees what plugins' code sends to a database, by whatever way, before the driver does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.transaction import TransactionManagementError

from webnet.database.clean_room import is_in_host_transaction, mark_for_closing, remember_state
from webnet.database.statements import StatementKind, classify
from webnet.plugin_calls import activity, current_call
from webnet.request_record import current_record

_refuses = ContextVar("webnet_refuses_transaction_control", default=False)


class TransactionControlRefused(TransactionManagementError):
    """A plugin's code that runs inside a transaction of webnet's tried to end it, or to change its course."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is refused here, inside webnet's transaction: use 'with transaction.atomic()' or SET LOCAL, and "
            "raise an exception to undo the change."
        )


class ConnectionPatchRefused(TypeError):
    """A plugin's code tried to change or replace Django's connection object, which later requests of others use."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} can't be changed: the database connection is shared with requests of others.")


@contextmanager
def refusing_transaction_control() -> Iterator[None]:
    """Within it, plugins' code can neither begin, end nor close a transaction, by SQL or by a call, on any connection.

    Inside a transaction that was open before the call that holds without it; this is for calls where none may be begun.

    To be entered around `calling`, or inside of it; the host's own code and Django's `atomic` are not restricted.
    """
    token = _refuses.set(True)
    try:
        yield
    finally:
        _refuses.reset(token)


def watch_statement(sql: Any) -> None:
    """To be called by a driver's cursor before each statement; raises TransactionControlRefused.

    Whatever outlasts the statement is noted on the call, and the connections of this thread are closed when its work
    is done. `sql` is a text, or what psycopg takes instead of one.
    """
    call = current_call()
    if (record := current_record.get()) is not None:
        record.statements += 1
        if call is not None:
            record.plugin_use(call.plugin).statements += 1
    if call is None:
        return
    activity.count += 1
    remember_state()
    text = sql if type(sql) is str else _as_text(sql)
    kind = classify(text)
    if kind is StatementKind.PLAIN:
        return
    words = " ".join(text.split(None, 2)[:2])
    if kind is StatementKind.TRANSACTION:
        watch_control(words)
    if kind is StatementKind.SESSION:
        watch_change(words)
    mark_for_closing()


def watch_change(what: str) -> None:
    """To be called before a driver's connection is changed itself; raises TransactionControlRefused."""
    call = current_call()
    if call is None:
        return
    remember_state()
    # The host's own statements, such as those of the audit log, are still to come.
    if _refuses.get() or is_in_host_transaction(call):
        raise TransactionControlRefused(what)
    call.changed_session = what
    mark_for_closing()


def refuse_patch(what: str) -> None:
    """To be called before Django's connection object, or a part of it, is changed; raises ConnectionPatchRefused."""
    if current_call() is not None:
        raise ConnectionPatchRefused(what)


def watch_control(what: str) -> None:
    """To be called by connections before a call that controls a transaction; raises TransactionControlRefused."""
    call = current_call()
    if call is None:
        return
    remember_state()
    if _refuses.get() or is_in_host_transaction(call):
        raise TransactionControlRefused(what)
    # Of its own transactions Django's `atomic` does the same, which is none of the host's business.
    call.controlled_transaction = what


def _as_text(sql: Any) -> str:
    """psycopg takes bytes, too, and compositions of SQL."""
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    as_string = getattr(sql, "as_string", None)
    return str(as_string(None)) if as_string is not None else str(sql)
