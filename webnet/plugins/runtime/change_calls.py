"""Calls a plugin's code inside the transaction of a change, which that code can neither end nor break unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from webnet.customers.models import Customer
from webnet.database.guard import TransactionControlRefused, refusing_transaction_control
from webnet.database.held_transaction import TransactionBroken, TransactionEnded, held_open
from webnet.django_internals import count_commit_hooks, wrap_commit_hooks
from webnet.errors import HookFailed, SecretUnreadable
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.calls import calling
from webnet.sentences import sentence


@contextmanager
def calling_in_change(plugin: str, hook: str, customer: Customer | None = None) -> Iterator[None]:
    """`calling`, for code that runs inside a change's transaction; raises TransactionEnded and TransactionBroken, too.

    Nested `atomic()` blocks and `transaction.on_commit` are allowed; what a function raises after the commit is
    reported with the plugin's name. Outside of a transaction there is nothing to hold.
    """
    customer_id = customer.pk if customer is not None else None
    first = count_commit_hooks()
    with held_open(), refusing_transaction_control(), calling(plugin, hook, customer_id):
        yield
    wrap_commit_hooks(first, partial(AfterCommit, plugin, hook, customer))


def report(plugin: str, hook: str, customer: Customer | None, error: BaseException) -> HookFailed:
    """Log and count what the hook raised, and return the refusal of the change."""
    failures.report_hook(plugin, customer=customer, hook=hook, why=_describe(hook, error), error=error)
    return refuse(plugin, hook, error, what=sentence("'{plugin}' refused", plugin=plugin))


def refuse(plugin: str, hook: str, error: BaseException, *, what: str) -> HookFailed:
    """The refusal of a change because of what the hook raised; `what` begins its sentence."""
    has_ended = isinstance(error, TransactionEnded)
    message = sentence("{what}: {why}", what=what, why=_describe(hook, error))
    return HookFailed(message, plugin_name=plugin, ended_transaction=has_ended)


def _describe(hook: str, error: BaseException) -> str:
    match error:
        case SecretUnreadable():
            return error.message
        case TransactionEnded():
            return sentence("its {hook} ended the transaction of the change, so all of it was undone.", hook=hook)
        case TransactionBroken():
            return sentence(
                "a statement of its {hook} failed, and its error was caught: it needs a 'with transaction.atomic()' of "
                "its own.",
                hook=hook,
            )
        case TransactionControlRefused():
            return sentence(
                "its {hook} tried to end the transaction of the change. {error}", hook=hook, error=str(error)
            )
        case _:
            return failures.describe_hook_error(hook, error)


@dataclass(frozen=True)
class AfterCommit:
    """A function that a hook passed to `transaction.on_commit`: the change is committed, whatever it raises."""

    plugin: str
    hook: str
    customer: Customer | None
    function: Callable[[], object]

    def __call__(self) -> None:
        """Call it; what it raises is logged and counted."""
        customer_id = self.customer.pk if self.customer is not None else None
        try:
            with calling(self.plugin, self.hook, customer_id):
                self.function()
        except Exception as error:  # noqa: BLE001 - a plugin must not change the answer
            why = failures.describe_hook_error(f"function of on_commit in {self.hook}", error)
            failures.report_hook(self.plugin, customer=self.customer, hook=self.hook, why=why, error=error)
