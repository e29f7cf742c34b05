"""Calls `after_enable` and `after_disable`: after the commit and at least once, by whatever process is there to do it.

A row is written with the change. The process that made the change calls the hook right after the commit, and takes the
row away. Where it died before that, its claim on the row runs out, and the next process that looks calls the hook.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from functools import cache
from typing import Any

from django.db import connection

from webnet.audit.operation import Operation
from webnet.customers.actor_json import read_actor
from webnet.customers.models import Customer
from webnet.plugins.base import HookContext, PluginBase, call_hook
from webnet.plugins.hooks import outbox
from webnet.plugins.models import CustomerPluginConfig, OwedCall, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.runtime import failure_reports
from webnet.plugins.runtime.failure_reports import RuntimeFailure
from webnet.plugins.runtime.thread_lanes import Lane, LaneBlocked
from webnet.plugins.settings import layers

DEADLINE_SECONDS = 10.0
THREADS_PER_PLUGIN = 2


def owe(operation: Operation, hook: str, plugin: PluginBase, row: PluginConfig, customer: Customer | None) -> None:
    """Let the hook be called once the change is committed; for a plugin that has none, nothing is written."""
    if getattr(getattr(plugin, hook), "__func__", None) is getattr(PluginBase, hook):
        return
    outbox.owe(operation, hook, row, customer)
    operation.after_commit(lambda: _call_claimed(operation.token))


def call_due() -> None:
    """Call what other processes have left, and what failed before and is to be tried again."""
    claim = outbox.claim_due()
    if claim is not None:
        _call_claimed(claim)


def _call_claimed(claim: str) -> None:
    """In order, each with its deadline; what can't be begun within one deadline is left to whoever looks next."""
    ends = time.monotonic() + DEADLINE_SECONDS
    for call in outbox.claimed_by(claim):
        entry = registry.find(call.plugin.name)
        plugin = entry.plugin if entry is not None and entry.status == "loaded" else None
        if call.attempts >= outbox.MAXIMUM_ATTEMPTS:
            _fail(call, f"its {call.hook} never came to an end, and its process did.")
        elif plugin is not None and time.monotonic() < ends and outbox.begin(call):
            _call(plugin, call)
        else:
            outbox.release(call)


def _call(plugin: PluginBase, call: OwedCall) -> None:
    context = _make_context(call)
    try:
        future = _lane(call.plugin.name).start(lambda: call_hook(plugin, call.hook, context))
    except LaneBlocked as blocked:
        _fail(call, blocked.message)
        return
    wait([future], timeout=DEADLINE_SECONDS)
    if future.done():
        _finish(call, future)
        return
    # Nobody can stop what has begun: should it come to its end after all, it counts.
    if not future.cancel():
        future.add_done_callback(lambda late: _finish_late(call, late))
    _fail(call, f"its {call.hook} did not end within {DEADLINE_SECONDS:g} s.")


@cache
def _lane(plugin: str) -> Lane:
    return Lane(plugin, threads=THREADS_PER_PLUGIN, patience_seconds=DEADLINE_SECONDS)


def _make_context(call: OwedCall) -> HookContext:
    """As things stand now: the settings may have changed since the change, and be readable again."""
    of_customer = CustomerPluginConfig.objects.filter(plugin=call.plugin, customer=call.customer_id)
    config = of_customer.first() if call.customer_id is not None else None
    return HookContext(
        customer=call.customer, actor=read_actor(call.actor), settings=layers.opened(call.plugin, config)
    )


def _finish(call: OwedCall, future: Future[Any]) -> None:
    error = future.exception()
    if error is None:
        outbox.settle(call)
    else:
        _fail(call, failure_reports.describe(call.hook, error), error)


def _finish_late(call: OwedCall, future: Future[Any]) -> None:
    """On the hook's own thread, and for nobody who waits."""
    try:
        if future.exception() is None:
            outbox.settle(call)
    finally:
        connection.close()


def _fail(call: OwedCall, why: str, error: BaseException | None = None) -> None:
    failure_reports.tell(
        RuntimeFailure(plugin=call.plugin.name, customer=call.customer, hook=call.hook, why=why, error=error)
    )
    outbox.put_off(call, why)
