"""Rules on hooks and health checks: they don't raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from webnet.containment import format_error
from webnet.customers.models import Customer
from webnet.errors import HookFailed, Refusal
from webnet.plugins.base import HealthReport, HookContext, call_hook
from webnet.sdk.checking.captured_errors import capture_errors
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding
from webnet.sdk.checking.two_customers import Scenario
from webnet.sdk.trial.fixtures_data import make_hook_context


def check_enabling(scenario: Scenario) -> Iterator[RuleFinding]:
    """The plugin can be enabled, for all customers and for one."""
    yield from _check_switch(scenario, scenario.fixtures.enable, "enable", scenario.acme)
    yield from _check_switch(scenario, scenario.fixtures.enable, "enable", scenario.globex)


def check_disabling(scenario: Scenario) -> Iterator[RuleFinding]:
    """The plugin can be disabled again, for one customer and for all."""
    yield from _check_switch(scenario, scenario.fixtures.disable, "disable", scenario.acme)
    yield from _check_switch(scenario, scenario.fixtures.disable, "disable", None)


def check_unloading(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """The plugin can be unloaded."""
    plugin = subject.entry.plugin
    if plugin is None:
        return
    try:
        call_hook(plugin, "on_unload")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is reported
        way_out = "release what it holds, and ignore what is already gone"
        yield subject.finding("hooks.unload", "on_unload()", f"it raised {format_error(error)}", way_out)


def check_health(scenario: Scenario) -> Iterator[RuleFinding]:
    """The health check returns a report, for a customer and for the platform."""
    plugin = scenario.subject.entry.plugin
    for context in contexts(scenario):
        try:
            report = HealthReport.read(call_hook(plugin, "health_check", context) if plugin is not None else None)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is reported
            message = f"{describe_context(context)} it raised {format_error(error)}"
        else:
            if report.status != "unknown" or not report.message.startswith("The check"):
                continue
            message = f"{describe_context(context)} {report.message[:1].lower()}{report.message[1:]}"
        way_out = "return HealthReport(status=…) in every case, also when context.customer is None"
        yield scenario.subject.finding("hooks.health", "health_check()", message, way_out)


def _check_switch(
    scenario: Scenario, switch: Callable[..., None], verb: str, customer: Customer | None
) -> Iterator[RuleFinding]:
    place = f"on_{verb}()"
    with capture_errors() as captured:
        try:
            switch(scenario.subject.name, customer=customer)
            problem = ""
        except HookFailed as refusal:
            problem = captured.describe_last(refusal.message)
        except Refusal as refusal:
            way_out = "list its dependencies in WEBNET_PLUGINS, and make sure that they load"
            yield scenario.subject.finding("load.failed", f"when it is {verb}d", refusal.message, way_out)
            return
    if not problem and captured.errors:  # errors of these hooks are logged, and the change stands
        place, problem = f"after_{verb}()", captured.describe_last()
    if problem:
        way_out = "raise only to prevent the change"
        yield scenario.subject.finding(f"hooks.{verb}", place, problem, way_out)


def contexts(scenario: Scenario) -> Iterator[HookContext]:
    """A context for a customer and one for the platform, since hooks must work with both."""
    yield make_hook_context(scenario.subject.name, customer=scenario.acme)
    yield make_hook_context(scenario.subject.name)


def describe_context(context: HookContext) -> str:
    return "for a customer" if context.customer is not None else "for the platform"
