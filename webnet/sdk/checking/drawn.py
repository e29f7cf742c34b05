"""Rules on a plugin's widgets and pages: they do not raise, and show nobody else's rows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from webnet.api.widgets import BUDGET_SECONDS
from webnet.plugins.base import HookContext, call_with
from webnet.plugins.declarations import DashboardWidget, UIView
from webnet.plugins.failure import tell_error
from webnet.sdk.checking.findings import Finding
from webnet.sdk.checking.listening import listening
from webnet.sdk.checking.lived import contexts, tell_whom
from webnet.sdk.checking.subject import Subject
from webnet.sdk.checking.world import World
from webnet.sdk.trial.house import make_hook_context

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


def watch_surfaces(world: World) -> Callable[[], Iterator[Finding]]:
    """Look at widgets and pages now; called later, it tells which of them show what another customer has got since."""
    widgets = {each.name: _show_widget(each, world) for each in world.subject.manifest.dashboard_widgets}

    def compare() -> Iterator[Finding]:
        traces = world.traces_of(world.globex)
        for widget in world.subject.manifest.dashboard_widgets:
            before, after = widgets[widget.name], _show_widget(widget, world)
            if traces.found_in(after) or before != after:
                message = "what it shows a customer depends on rows of another one"
                yield world.subject.finding("leaks.widget", f"widget '{widget.name}'", message, NARROW)
        for view in _open_pages(world.subject):
            found = traces.found_in(_read_page(world, view))
            if found is not None:
                message = f"it shows a customer '{found}', which is another one's"
                words = NARROW.replace("context", "request.webnet")
                yield world.subject.finding("leaks.page", f"page '{view.name}'", message, words)

    return compare


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
        return f"it raised {tell_error(error)}"
    is_late = time.monotonic() - began > BUDGET_SECONDS
    return f"it took longer than {BUDGET_SECONDS:g} seconds" if is_late else ""


def _show_widget(widget: DashboardWidget, world: World) -> str:
    """The same, and of one that raises nothing: that is told elsewhere."""
    try:
        return draw_widget(widget, make_hook_context(world.subject.name, customer=world.acme))
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
