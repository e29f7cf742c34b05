"""Sees what plugins' code sends to a database, by whatever way, before the driver does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.transaction import TransactionManagementError

from webnet.database.statements import StatementKind, classify
from webnet.plugin_calls import current_call

_refuses = ContextVar("webnet_refuses_transaction_control", default=False)


class TransactionControlRefused(TransactionManagementError):
    """A plugin's code that runs inside a transaction of webnet's tried to end it, or to change its course."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is refused here, inside webnet's transaction: use 'with transaction.atomic()', and raise an "
            "exception to undo the change."
        )


@contextmanager
def refusing_transaction_control() -> Iterator[None]:
    """Within it, plugins' code can neither begin, end nor close a transaction, by SQL or by a call, on any connection.

    To be entered around `calling`, or inside of it; the host's own code and Django's `atomic` are not restricted.
    """
    token = _refuses.set(True)
    try:
        yield
    finally:
        _refuses.reset(token)


def watch_statement(sql: str) -> None:
    """To be called by the drivers' cursors before each statement; raises TransactionControlRefused."""
    if current_call() is not None and classify(sql) is StatementKind.TRANSACTION:
        watch_control(sql.split(None, 1)[0].upper())


def watch_control(what: str) -> None:
    """To be called by connections before a call that controls a transaction; raises TransactionControlRefused."""
    if _refuses.get() and current_call() is not None:
        raise TransactionControlRefused(what)
