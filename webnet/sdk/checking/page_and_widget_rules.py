"""Rules on what a customer is shown besides GraphQL: it does not fail, grow with rows, or show another's."""

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
from webnet.sdk.checking.captured_errors import listening
from webnet.sdk.checking.hook_rules import contexts, tell_whom
from webnet.sdk.checking.plugin_under_test import Subject
from webnet.sdk.checking.report import Finding
from webnet.sdk.checking.two_customers import World, count_statements
from webnet.sdk.trial.fixtures_data import make_hook_context

NARROW = "narrow its rows with `objects.of(context.customer)`"


def check_widgets(world: World) -> Iterator[Finding]:
    """Each of its widgets is drawn within its budget, as JSON or HTML."""
    for widget in world.subject.manifest.dashboard_widgets:
        tried = ((each, _try_drawing(widget, each)) for each in contexts(world))
        problem = next((f"{tell_whom(each)} {told}" for each, told in tried if told), None)
        if problem is not None:
            words = "let it return JSON or HTML for whatever it finds, also where context.customer is None"
            yield world.subject.finding("hooks.widget", f"widget '{widget.name}'", problem, words)


def check_pages(world: World) -> Iterator[Finding]:
    """Each of its pages answers."""
    for view in _open_pages(world.subject):
        with listening() as heard:
            status = world.client.get_page(world.subject.name, view.path).status_code
        if status >= 500:
            words = "let it answer with a page, or raise Http404"
            yield world.subject.finding("hooks.page", f"page '{view.name}'", heard.tell(f"status {status}"), words)


def measure_growth(world: World) -> Callable[[], Iterator[Finding]]:
    """Count the SQL statements of each page and widget now; called later, it tells which took more since."""
    few = {place: count_statements(show) for place, _, show in _surfaces(world)}

    def compare() -> Iterator[Finding]:
        for place, _, show in _surfaces(world):
            many = count_statements(show)
            if many > few[place]:
                message = f"{many} SQL statements with more rows, and {few[place]} with few of them (N+1)"
                words = "read what rows need for all of them at once, with select_related() or prefetch_related()"
                yield world.subject.finding("queries.growing", place, message, words)

    return compare


def watch_surfaces(world: World) -> Callable[[], Iterator[Finding]]:
    """Look at what a customer is shown now; called once another has rows too, it tells what shows any of them."""
    before = {place: show() for place, _, show in _surfaces(world)}
    # What differs without any change, as a form's token does, can't be compared.
    steady = {place for place, _, show in _surfaces(world) if show() == before[place]}

    def compare() -> Iterator[Finding]:
        traces = world.traces_of(world.globex)
        for place, rule, show in _surfaces(world):
            after = show()
            found = traces.found_in(after)
            if found is not None:
                message = f"it shows a customer '{found}', which is another one's"
            elif place in steady and after != before[place]:
                message = "what it shows a customer depends on rows of another one"
            else:
                continue
            words = NARROW.replace("context", "request.webnet") if rule == "leaks.page" else NARROW
            yield world.subject.finding(rule, place, message, words)

    return compare


def _surfaces(world: World) -> Iterator[tuple[str, str, Callable[[], str]]]:
    """(place, the rule of its leaks, what acme is shown there) of widgets, pages and the health."""
    for widget in world.subject.manifest.dashboard_widgets:
        yield f"widget '{widget.name}'", "leaks.widget", partial(_show_widget, widget, world)
    for view in _open_pages(world.subject):
        yield f"page '{view.name}'", "leaks.page", partial(_read_page, world, view)
    yield "health_check()", "leaks.health", partial(_show_health, world)


def draw_widget(widget: DashboardWidget, context: HookContext) -> str:
    """What the widget shows, as a text."""
    if widget.data is not None:
        return json.dumps(call_with(widget.data, context), sort_keys=True, default=_refuse)
    drawn = call_with(widget.html, context) if widget.html is not None else ""
    if not isinstance(drawn, str):
        raise TypeError(f"its HTML is {type(drawn).__name__}, not a text")
    return drawn


def _try_drawing(widget: DashboardWidget, context: HookContext) -> str:
    """What is wrong with it; empty where nothing is."""
    began = time.monotonic()
    try:
        draw_widget(widget, context)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises is told
        return f"it raised {format_error(error)}"
    is_late = time.monotonic() - began > BUDGET_SECONDS
    return f"it took longer than {BUDGET_SECONDS:g} seconds" if is_late else ""


def _show_widget(widget: DashboardWidget, world: World) -> str:
    """The same, and of one that raises nothing: that is told elsewhere."""
    try:
        return draw_widget(widget, make_hook_context(world.subject.name, customer=world.acme))
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it raises is told
        return ""


def _show_health(world: World) -> str:
    """What the health check tells of acme; of one that raises nothing."""
    plugin = world.subject.entry.plugin
    try:
        context = make_hook_context(world.subject.name, customer=world.acme)
        return str(HealthReport.read(call_hook(plugin, "health_check", context) if plugin is not None else None))
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it raises is told
        return ""


def _open_pages(subject: Subject) -> Iterator[UIView]:
    """The pages that need no argument in their address."""
    return (view for view in subject.manifest.ui_views if "<" not in view.path)


def _read_page(world: World, view: UIView) -> str:
    response: Any = world.client.get_page(world.subject.name, view.path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode(errors="replace"))


def _refuse(value: object) -> None:
    raise TypeError(f"{type(value).__name__} is no JSON")
