"""Rules on pages, widgets and health checks: they don't fail, don't take more SQL with more rows, and don't leak."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from webnet.api.resolvers.widgets import BUDGET_SECONDS
from webnet.containment import format_error
from webnet.plugins.base import HealthReport, HookContext, call_hook, call_with
from webnet.plugins.declarations import DashboardWidget, UIView
from webnet.sdk.checking.blocked_html import find_blocked
from webnet.sdk.checking.captured_errors import capture_errors
from webnet.sdk.checking.hook_rules import contexts, describe_context
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding
from webnet.sdk.checking.two_customers import Scenario, count_statements
from webnet.sdk.trial.fixtures_data import make_hook_context

NARROW_ROWS = "narrow its rows with `objects.of(context.customer)`"


def check_widgets(scenario: Scenario) -> Iterator[RuleFinding]:
    """Each widget returns JSON or HTML within its time budget."""
    for widget in scenario.subject.manifest.dashboard_widgets:
        results = ((each, _find_problem(widget, each)) for each in contexts(scenario))
        problem = next((f"{describe_context(each)} {found}" for each, found in results if found), None)
        if problem is not None:
            way_out = "return JSON or HTML in every case, also when context.customer is None"
            yield scenario.subject.finding("hooks.widget", f"widget '{widget.name}'", problem, way_out)


def check_pages(scenario: Scenario) -> Iterator[RuleFinding]:
    """Each page responds without an error, and browsers run all of it."""
    for view in _open_pages(scenario.subject):
        place = f"page '{view.name}'"
        with capture_errors() as captured:
            response: Any = scenario.client.get_page(scenario.subject.name, view.path)
        if response.status_code >= 500:
            way_out = "return a response, or raise Http404"
            found = captured.describe_last(f"status {response.status_code}")
            yield scenario.subject.finding("hooks.page", place, found, way_out)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            html, nonce = response.content.decode(errors="replace"), response.wsgi_request.csp_nonce
            for what, way_out in find_blocked(html, nonce=str(nonce) if nonce else ""):  # It is false until it is used.
                yield scenario.subject.finding("pages.blocked", place, f"browsers block {what}", way_out)


def measure_growth(scenario: Scenario) -> Callable[[], Iterator[RuleFinding]]:
    """Count the SQL statements of each page and widget now. Call the result once there are more rows."""
    few = {place: count_statements(show) for place, _, show in _surfaces(scenario)}

    def compare() -> Iterator[RuleFinding]:
        for place, _, show in _surfaces(scenario):
            many = count_statements(show)
            if many > few[place]:
                message = f"{many} SQL statements with more rows, {few[place]} with few (N+1)"
                way_out = "read related rows for all rows at once, with select_related() or prefetch_related()"
                yield scenario.subject.finding("queries.growing", place, message, way_out)

    return compare


def watch_surfaces(scenario: Scenario) -> Callable[[], Iterator[RuleFinding]]:
    """Record what a customer is shown now. Call the result once another one has rows: it reports what shows any."""
    before = {place: show() for place, _, show in _surfaces(scenario)}
    # What differs between two calls, such as the token of a form, can't be compared.
    steady = {place for place, _, show in _surfaces(scenario) if show() == before[place]}

    def compare() -> Iterator[RuleFinding]:
        traces = scenario.traces_of(scenario.globex)
        for place, rule, show in _surfaces(scenario):
            after = show()
            found = traces.found_in(after)
            if found is not None:
                message = f"it shows '{found}', which belongs to another customer"
            elif place in steady and after != before[place]:
                message = "its result for a customer depends on rows of another one"
            else:
                continue
            way_out = NARROW_ROWS.replace("context", "request.webnet") if rule == "leaks.page" else NARROW_ROWS
            yield scenario.subject.finding(rule, place, message, way_out)

    return compare


def _surfaces(scenario: Scenario) -> Iterator[tuple[str, str, Callable[[], str]]]:
    """(place, rule for leaks, function that returns what acme is shown) of widgets, pages and the health check."""
    for widget in scenario.subject.manifest.dashboard_widgets:
        yield f"widget '{widget.name}'", "leaks.widget", partial(_show_widget, widget, scenario)
    for view in _open_pages(scenario.subject):
        yield f"page '{view.name}'", "leaks.page", partial(_read_page, scenario, view)
    yield "health_check()", "leaks.health", partial(_show_health, scenario)


def render_widget(widget: DashboardWidget, context: HookContext) -> str:
    """What the widget shows, as text."""
    if widget.data is not None:
        return json.dumps(call_with(widget.data, context), sort_keys=True, default=_refuse)
    html = call_with(widget.html, context) if widget.html is not None else ""
    if not isinstance(html, str):
        raise TypeError(f"its HTML is {type(html).__name__}, not a string")
    return html


def _find_problem(widget: DashboardWidget, context: HookContext) -> str:
    """What is wrong with the widget; empty if nothing is."""
    started = time.monotonic()
    try:
        render_widget(widget, context)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is reported
        return f"it raised {format_error(error)}"
    is_late = time.monotonic() - started > BUDGET_SECONDS
    return f"it took longer than {BUDGET_SECONDS:g} seconds" if is_late else ""


def _show_widget(widget: DashboardWidget, scenario: Scenario) -> str:
    """What the widget shows to acme; empty if it raises, which another rule reports."""
    try:
        return render_widget(widget, make_hook_context(scenario.subject.name, customer=scenario.acme))
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it raises is reported
        return ""


def _show_health(scenario: Scenario) -> str:
    """The health report for acme; empty if the check raises, which another rule reports."""
    plugin = scenario.subject.entry.plugin
    try:
        context = make_hook_context(scenario.subject.name, customer=scenario.acme)
        return str(HealthReport.read(call_hook(plugin, "health_check", context) if plugin is not None else None))
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it raises is reported
        return ""


def _open_pages(subject: PluginUnderTest) -> Iterator[UIView]:
    """The pages without arguments in their path."""
    return (view for view in subject.manifest.ui_views if "<" not in view.path)


def _read_page(scenario: Scenario, view: UIView) -> str:
    response: Any = scenario.client.get_page(scenario.subject.name, view.path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode(errors="replace"))


def _refuse(value: object) -> None:
    raise TypeError(f"{type(value).__name__} can't be serialised as JSON")
