"""Plugins' receivers of Django's signals: what one raises harms nobody, and those of a plugin that is off are silent.

Settings import this module, so nothing in its head may require Django to be set up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from inspect import iscoroutinefunction
from time import monotonic
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.signals import post_init, post_migrate, pre_init, pre_migrate
from django.dispatch import Signal

from webnet.containment import PLUGIN_TRACEBACK, describe_failure, is_operators, what_was_raised
from webnet.django_internals import Receivers, receiver_finder, replace_receiver_finder
from webnet.plugins.loading.snapshots import imported_by
from webnet.plugins.registry import registry
from webnet.plugins.runtime.calls import calling, take_turns

if TYPE_CHECKING:
    from webnet.customers.models import Customer

logger = logging.getLogger(__name__)

# Sent for each row that is read, and far too often to ask the gate each time; a plugin's answer holds for a second.
_OF_EACH_ROW = (pre_init, post_init)
ANSWER_SECONDS = 1.0
_answers: dict[str, tuple[float, bool]] = {}
# Whether this thread asks the gate: what it reads sends signals, too.
_asks_gate: ContextVar[bool] = ContextVar("webnet_receivers_ask_gate", default=False)


@dataclass(frozen=True, kw_only=True)
class _Receiver:
    """A receiver and the module of its plugin; `is_own` tells it from one of a library that the plugin imported."""

    call: Callable[..., Any]
    module: str
    is_own: bool

    @property
    def plugin(self) -> str:
        """The plugin's name, which is not known before its class was read."""
        return next((entry.name for entry in registry.entries() if entry.module == self.module), self.module)

    @property
    def place(self) -> str:
        """As it follows "in" in a sentence."""
        return f"receiver {getattr(self.call, '__qualname__', type(self.call).__name__)}"


def contain_receivers() -> None:
    """Contain the receivers of plugins from now on; called once, before any code of a plugin runs."""
    find = receiver_finder()

    def find_contained(signal: Signal, sender: object) -> Receivers:
        synchronous, asynchronous = find(signal, sender)
        # Most signals of a request have no receivers.
        if not synchronous and not asynchronous:
            return synchronous, asynchronous
        return [_contain(signal, each) for each in synchronous], [_contain(signal, each) for each in asynchronous]

    replace_receiver_finder(find_contained)


def _contain(signal: Signal, call: Any) -> Any:
    # What these two find is a migration's result: `loading.migrations` sends them.
    if signal in (pre_migrate, post_migrate) or not settings.configured:
        return call
    plain = call
    while isinstance(plain, partial):
        plain = plain.func
    receiver = _find_owner(call, getattr(plain, "__module__", None) or type(plain).__module__)
    if receiver is None:
        return call
    return partial(_call_async if iscoroutinefunction(plain) else _call, receiver)


def _find_owner(call: Any, name: str) -> _Receiver | None:
    modules, above = _plugin_modules(), name
    while above:
        if above in modules:
            return _Receiver(call=call, module=above, is_own=True)
        above = above.rpartition(".")[0]
    library = imported_by.get(name.partition(".")[0])
    return _Receiver(call=call, module=library, is_own=False) if library is not None else None


@cache
def _plugin_modules() -> frozenset[str]:
    return frozenset(settings.WEBNET_PLUGINS)


def _call(receiver: _Receiver, **arguments: Any) -> Any:
    """Call a receiver where its plugin is effective, and report what it raises."""
    customer = None
    try:
        if arguments["signal"] in _OF_EACH_ROW:
            return _call_for_row(receiver, **arguments)
        with _open_savepoint():
            customer = _find_customer(receiver, arguments)
            if not _is_wanted(receiver, customer):
                return None
            with calling(receiver.plugin, receiver.place, customer.pk if customer is not None else None):
                return receiver.call(**arguments)
    except BaseException as error:
        # A deadlock is not the receiver's fault: the whole change is retried.
        if is_operators(error) or _is_deadlock(error):
            raise
        _report(receiver, customer, error)
        return None


def _call_for_row(receiver: _Receiver, **arguments: Any) -> Any:
    """The same for each row that is read: no customer is looked up, no savepoint set, and the gate's answer kept."""
    asked_at, is_wanted = _answers.get(receiver.module, (float("-inf"), True))
    if monotonic() - asked_at > ANSWER_SECONDS:
        is_wanted = _is_wanted(receiver, None)
        if not _asks_gate.get() and apps.ready:
            _answers[receiver.module] = (monotonic(), is_wanted)
    if not is_wanted or (receiver.is_own and _asks_gate.get()):
        return None
    with calling(receiver.plugin, receiver.place):
        return receiver.call(**arguments)


async def _call_async(receiver: _Receiver, **arguments: Any) -> Any:
    """The same for a coroutine; it has no savepoint, since it is on another connection than the change."""
    customer = None
    try:
        customer = await sync_to_async(_find_customer)(receiver, arguments)
        if not await sync_to_async(_is_wanted)(receiver, customer):
            return None
        call = calling(receiver.plugin, receiver.place, customer.pk if customer is not None else None)
        return await take_turns(receiver.call(**arguments), call)
    except Exception as error:  # noqa: BLE001 - a plugin must not stop the host
        await sync_to_async(_report)(receiver, customer, error)
        return None


def _open_savepoint() -> AbstractContextManager[Any]:
    """A savepoint in a transaction, which a failed statement would otherwise spoil."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _find_customer(receiver: _Receiver, arguments: dict[str, Any]) -> Customer | None:
    """Whose the row is that the signal is about; None if it is nobody's, or there is none."""
    if not _can_ask(receiver):
        return None
    from webnet.customers.models import Customer

    instance = arguments.get("instance")
    # Not by attribute, which would read a deferred field.
    pk = instance.pk if isinstance(instance, Customer) else getattr(instance, "__dict__", {}).get("customer_id")
    if not isinstance(pk, int):
        return None
    with _asking_gate():
        return Customer.objects.select_related("generation").filter(pk=pk).first()


def _is_wanted(receiver: _Receiver, customer: Customer | None) -> bool:
    """Whether the plugin is effective for the customer, or, where there is none, could be for anybody.

    While webnet starts, no plugin is off yet.
    """
    if not receiver.is_own or not apps.ready:
        return True
    if not _can_ask(receiver):
        return False
    with _asking_gate():
        return _is_effective(receiver.plugin, customer)


def _is_effective(plugin: str, customer: Customer | None) -> bool:
    from webnet.audit.models import Generation
    from webnet.plugins.gate import effective

    if customer is not None:
        return effective.is_effective(plugin, customer)
    token = Generation.objects.filter(customer=None).values_list("token", flat=True).first()
    return effective.platform_state(token).needed_by(plugin) is not None


def _can_ask(receiver: _Receiver) -> bool:
    return receiver.is_own and apps.ready and not _asks_gate.get()


@contextmanager
def _asking_gate() -> Iterator[None]:
    token = _asks_gate.set(True)
    try:
        yield
    finally:
        _asks_gate.reset(token)


def _is_deadlock(error: BaseException) -> bool:
    if not isinstance(error, OperationalError) or not apps.ready:
        return False
    from webnet.audit.operation import is_transient

    return is_transient(error)


def _report(receiver: _Receiver, customer: Customer | None, error: BaseException) -> None:
    if not apps.ready:  # Failures are counted in a table, whose model may not be there yet.
        failure = describe_failure(error, doing=f"Its {receiver.place}")
        logger.error("Plugin '%s': %s", receiver.plugin, failure.reason, extra={PLUGIN_TRACEBACK: failure.traceback})
        return
    from webnet.plugins.runtime import failures

    why = failures.describe_hook_error(receiver.place, what_was_raised(error))
    failures.report_hook(receiver.plugin, customer=customer, hook=receiver.place, why=why, error=error)
