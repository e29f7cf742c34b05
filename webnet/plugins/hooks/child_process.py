"""Calls a hook in a process of its own, for plugins in whose code a process has ended before.

Run as `python -m webnet.plugins.hooks.child_process`, this module is that process. Its order comes through stdin, which
stays open as long as whoever started it lives; its answers, a line of JSON each, go to stdout.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from threading import Thread
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from webnet.customers.access import Actor
    from webnet.customers.models import Customer
    from webnet.plugins.base import HookContext, PluginBase

# How long a new process may take until it calls the hook; with the deadline of a hook less than `outbox.LEASE_SECONDS`.
START_SECONDS = 20


class ProcessEnded(Exception):
    """The process of the hook ended before the hook had returned."""


class HookRaised(Exception):
    """The hook raised an exception, which its process has logged; the text is the exception's class."""


def call_in_process(plugin: str, hook: str, context: HookContext, *, deadline_seconds: float) -> dict[str, Any]:
    """Call a hook that gets a context; a health check's report as `status`, `message` and `details`, else an empty one.

    The deadline begins when the hook does. Raises ProcessEnded, HookRaised or TimeoutError.
    """
    from webnet.customers.actor_json import write_actor

    # The context is made anew in the process; the plugin's API has no types of the host's.
    customer, actor = cast("Customer | None", context.customer), cast("Actor", context.actor)
    order = {"plugin": plugin, "hook": hook, "customer": customer and customer.pk, "actor": write_actor(actor)}
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        try:
            os.write(_pipe(process.stdin).fileno(), json.dumps(order).encode() + b"\n")
            _read_answer(process, START_SECONDS)
            answer = _read_answer(process, deadline_seconds)
        finally:
            process.kill()
    if raised := answer.get("raised"):
        raise HookRaised(raised)
    return answer


def _read_answer(process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
    received, ends, stdout = b"", monotonic() + seconds, _pipe(process.stdout)
    while not received.endswith(b"\n"):
        if not select.select([stdout], [], [], max(0.0, ends - monotonic()))[0]:
            raise TimeoutError
        part = os.read(stdout.fileno(), 1)
        if not part:
            raise ProcessEnded(f"It ended with {process.wait()}.")
        received += part
    answer: dict[str, Any] = json.loads(received)
    return answer


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("The process was started without pipes.")
    return pipe


def main() -> None:
    """Call the hook that is ordered, and answer."""
    # The plugin must neither write among the answers nor read the order.
    answers, orders = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor, and no path
        os.dup2(nothing.fileno(), 0)
    with os.fdopen(orders, "rb", buffering=0) as stdin:
        order = json.loads(stdin.readline())
        Thread(target=_end_with_starter, args=(stdin,), daemon=True).start()
        import django

        django.setup()
        from webnet import black_box

        # Whatever ends this process takes nobody else with it, so it counts as any failure of the hook.
        black_box.announce_end()
        os.write(answers, b"{}\n")
        os.write(answers, json.dumps(_call(order)).encode() + b"\n")
        os._exit(0)


def _end_with_starter(stdin: IO[bytes]) -> None:
    stdin.read()
    os._exit(1)


def _call(order: dict[str, Any]) -> dict[str, Any]:
    import logging

    from webnet.plugins.base import HealthReport, call_hook
    from webnet.plugins.registry import registry
    from webnet.plugins.runtime.calls import calling

    try:
        plugin = cast("PluginBase", registry.get(order["plugin"]).plugin)
        context = _make_context(order)
        with calling(order["plugin"], order["hook"], order["customer"]):
            answered = call_hook(plugin, order["hook"], context)
        if order["hook"] != "health_check":
            return {}
        report = HealthReport.read(answered)
        return {"status": report.status, "message": report.message, "details": dict(report.details)}
    except Exception as error:
        logging.getLogger(__name__).exception("Plugin '%s' has failed in its own process.", order["plugin"])
        return {"raised": type(error).__name__}


def _make_context(order: dict[str, Any]) -> HookContext:
    from webnet.customers.actor_json import read_actor
    from webnet.customers.models import Customer
    from webnet.plugins.base import HookContext
    from webnet.plugins.models import CustomerPluginConfig, PluginConfig
    from webnet.plugins.settings import layers

    row = PluginConfig.objects.get(name=order["plugin"])
    customer = Customer.objects.get(pk=order["customer"]) if order["customer"] is not None else None
    config = CustomerPluginConfig.objects.filter(plugin=row, customer=customer).first() if customer else None
    settings = layers.opened(row, config)
    if order["hook"] == "health_check":
        dict(settings)  # a secret that can't be decrypted makes the plugin unhealthy, even if its check reads none
    return HookContext(customer=customer, actor=read_actor(order["actor"]), settings=settings)


if __name__ == "__main__":
    main()
