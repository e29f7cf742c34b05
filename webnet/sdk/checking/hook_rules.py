"""Rules on a plugin's hooks and its health: they do not raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from webnet.containment import format_error
from webnet.customers.models import Customer
from webnet.errors import HookFailed, Refusal
from webnet.plugins.base import HealthReport, HookContext, call_hook
from webnet.sdk.checking.captured_errors import listening
from webnet.sdk.checking.plugin_under_test import Subject
from webnet.sdk.checking.report import Finding
from webnet.sdk.checking.two_customers import World
from webnet.sdk.trial.fixtures_data import make_hook_context


def check_enabling(world: World) -> Iterator[Finding]:
    """It can be enabled: for everybody, and for a customer."""
    yield from _check_switch(world, world.house.enable, "enable", world.acme)
    yield from _check_switch(world, world.house.enable, "enable", world.globex)


def check_disabling(world: World) -> Iterator[Finding]:
    """It can be disabled again: for a customer, and for everybody."""
    yield from _check_switch(world, world.house.disable, "disable", world.acme)
    yield from _check_switch(world, world.house.disable, "disable", None)


def check_unloading(subject: Subject) -> Iterator[Finding]:
    """A process can let go of it."""
    plugin = subject.entry.plugin
    if plugin is None:
        return
    try:
        call_hook(plugin, "on_unload")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is told
        words = "let it give back what it holds, and pass over what is gone already"
        yield subject.finding("hooks.unload", "on_unload()", f"it raised {format_error(error)}", words)


def check_health(world: World) -> Iterator[Finding]:
    """Its health check answers, for a customer and for the platform."""
    plugin = world.subject.entry.plugin
    for context in contexts(world):
        try:
            report = HealthReport.read(call_hook(plugin, "health_check", context) if plugin is not None else None)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is told
            message = f"{tell_whom(context)} it raised {format_error(error)}"
        else:
            if report.status != "unknown" or not report.message.startswith("The check"):
                continue
            message = f"{tell_whom(context)} {report.message[:1].lower()}{report.message[1:]}"
        words = "return HealthReport(status=…) for whatever it finds, also where context.customer is None"
        yield world.subject.finding("hooks.health", "health_check()", message, words)


def _check_switch(world: World, switch: Callable[..., None], verb: str, customer: Customer | None) -> Iterator[Finding]:
    place = f"on_{verb}()"
    with listening() as heard:
        try:
            switch(world.subject.name, customer=customer)
            problem = ""
        except HookFailed as refusal:
            problem = heard.tell(refusal.message)
        except Refusal as refusal:
            words = "name what it needs in WEBNET_PLUGINS, and let it load here"
            yield world.subject.finding("load.failed", f"when it is {verb}d", refusal.message, words)
            return
    if not problem and heard.errors:  # webnet goes on when these raise, and the change stands
        place, problem = f"after_{verb}()", heard.tell()
    if problem:
        words = "let it raise only where the change must not be made"
        yield world.subject.finding(f"hooks.{verb}", place, problem, words)


def contexts(world: World) -> Iterator[HookContext]:
    yield make_hook_context(world.subject.name, customer=world.acme)
    yield make_hook_context(world.subject.name)


def tell_whom(context: HookContext) -> str:
    return "for a customer" if context.customer is not None else "for the platform"
