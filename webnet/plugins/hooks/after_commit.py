"""Calls `after_enable` and `after_disable` after the commit, at least once, in any process.

A row is written with the change. The process that made the change calls the hook right after the commit and deletes the
row. If it died before that, its claim on the row expires, and the next process that looks for due rows calls the hook.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from functools import cache, partial
from typing import Any

from django.db import connection

from webnet.audit.operation import Operation
from webnet.customers.actor_json import read_actor
from webnet.customers.models import Customer
from webnet.plugins.base import HookContext, PluginBase, call_hook
from webnet.plugins.hooks import outbox
from webnet.plugins.hooks.child_process import START_SECONDS, call_in_process
from webnet.plugins.models import CustomerPluginConfig, OwedCall, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.runtime import deaths, failures
from webnet.plugins.runtime.calls import calling
from webnet.plugins.runtime.thread_lanes import Lane, LaneBlocked
from webnet.plugins.settings import layers

# The request that made the change waits for it. A third of `outbox.LEASE_SECONDS` at most, so that a claim lasts.
DEADLINE_SECONDS = 10.0
# One may hang without stopping the hooks of other customers.
THREADS_PER_PLUGIN = 2


def enqueue(operation: Operation, hook: str, row: PluginConfig, customer: Customer | None) -> None:
    """Have the hook called once the change is committed."""
    outbox.add(operation, hook, row, customer)
    operation.after_commit(lambda: _call_claimed(operation.token))


def call_due() -> None:
    """Call hooks that other processes left behind, and those that failed before and are due again."""
    claim = outbox.claim_due()
    if claim is not None:
        # One of them may have ended the process before this one, which has only begun.
        deaths.refresh()
        _call_claimed(claim)


def _call_claimed(claim: str) -> None:
    """In order, each with its own deadline; what can't start within one deadline is left to the next process."""
    ends = time.monotonic() + DEADLINE_SECONDS
    for call in outbox.claimed_by(claim):
        entry = registry.find(call.plugin.name)
        plugin = entry.plugin if entry is not None and entry.status == "loaded" else None
        # Attempts are counted before each call: the processes of these calls did not survive them.
        if call.attempts >= outbox.MAXIMUM_ATTEMPTS:
            _fail(call, f"its {call.hook} did not return before its process ended.")
        elif plugin is not None and time.monotonic() < ends and outbox.begin(call):
            _call(plugin, call)
        else:
            outbox.release(call)


def _call(plugin: PluginBase, call: OwedCall) -> None:
    context = _make_context(call)
    try:
        future = _lane(call.plugin.name).start(partial(_call_hook, plugin, call, context))
    except LaneBlocked as blocked:
        _fail(call, blocked.message)
        return
    starting = START_SECONDS if deaths.is_suspect(call.plugin.name) else 0
    wait([future], timeout=starting + DEADLINE_SECONDS)
    if future.done():
        error = future.exception()
        if error is None:
            outbox.complete(call)
        else:
            _fail(call, failures.describe_hook_error(call.hook, error), error)
        return
    # A running hook can't be stopped; if it succeeds later, that counts.
    if not future.cancel():
        future.add_done_callback(lambda late: _finish_late(call, late))
    _fail(call, f"its {call.hook} did not return within {DEADLINE_SECONDS:g} s.")


def _call_hook(plugin: PluginBase, call: OwedCall, context: HookContext) -> None:
    if deaths.is_suspect(call.plugin.name):
        call_in_process(call.plugin.name, call.hook, context, deadline_seconds=DEADLINE_SECONDS)
        return
    with calling(call.plugin.name, call.hook, call.customer_id):
        call_hook(plugin, call.hook, context)


@cache
def _lane(plugin: str) -> Lane:
    return Lane(plugin, threads=THREADS_PER_PLUGIN, patience_seconds=DEADLINE_SECONDS)


def _make_context(call: OwedCall) -> HookContext:
    """With the current settings: they may have changed since, and a secret may be readable again."""
    of_customer = CustomerPluginConfig.objects.filter(plugin=call.plugin, customer=call.customer_id)
    config = of_customer.first() if call.customer_id is not None else None
    return HookContext(
        customer=call.customer, actor=read_actor(call.actor), settings=layers.opened(call.plugin, config)
    )


def _finish_late(call: OwedCall, future: Future[Any]) -> None:
    # Runs on the hook's own thread, whose connection nobody else closes.
    try:
        if future.exception() is None:
            outbox.complete(call)
    finally:
        connection.close()


def _fail(call: OwedCall, why: str, error: BaseException | None = None) -> None:
    failures.report_hook(call.plugin.name, customer=call.customer, hook=call.hook, why=why, error=error)
    outbox.retry_or_give_up(call, why)
