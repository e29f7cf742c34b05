"""Draws the dashboard's widgets: all at once, each off the request's thread, and one that fails stays alone."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import nh3
import orjson

from webnet.api.request.reader import Reading
from webnet.api.values.contributions import DashboardWidget
from webnet.customers.models import Customer
from webnet.plugins.base import HookContext, call_with
from webnet.plugins.declarations import DashboardWidget as DeclaredWidget
from webnet.plugins.models import PluginConfig
from webnet.plugins.runtime.failures import count_for_user
from webnet.plugins.runtime.thread_lanes import Lane, LaneBlocked
from webnet.plugins.settings import layers

logger = logging.getLogger(__name__)

BUDGET_SECONDS = 2.0

Drawn: TypeAlias = "tuple[Any, str | None]"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A widget to draw, and for whom."""

    row: PluginConfig
    widget: DeclaredWidget
    context: HookContext
    customer: Customer | None
    user_id: int | None


def draw(
    reading: Reading, customer: Customer | None, wanted: Iterable[tuple[PluginConfig, DeclaredWidget]]
) -> list[DashboardWidget]:
    """The widgets in order, drawn within one budget for all: what is not ready by then shows as failed."""
    ordered = sorted(wanted, key=lambda each: (each[1].order, each[1].title, each[0].name))
    sheets = [
        Sheet(
            row=row,
            widget=widget,
            context=_context(reading, customer, row),
            customer=customer,
            user_id=reading.actor.user_id,
        )
        for row, widget in ordered
    ]
    started = [_start(sheet) for sheet in sheets]
    wait(started, timeout=BUDGET_SECONDS)
    return [_finish(sheet, future) for sheet, future in zip(sheets, started, strict=True)]


def _context(reading: Reading, customer: Customer | None, row: PluginConfig) -> HookContext:
    config = reading.state_of(customer).config(row.name) if customer is not None else None
    return HookContext(customer=customer, actor=reading.actor, settings=layers.opened(row, config))


def _start(sheet: Sheet) -> Future[Drawn]:
    try:
        return _lane(sheet.row.name).start(lambda: _call(sheet))
    except LaneBlocked as blocked:
        refused: Future[Drawn] = Future()
        refused.set_exception(blocked)
        return refused


@cache
def _lane(plugin: str) -> Lane:
    return Lane(plugin, patience_seconds=BUDGET_SECONDS)


def _call(sheet: Sheet) -> Drawn:
    widget, context = sheet.widget, sheet.context
    # There and back, so that what is no JSON fails here and not in the answer as a whole.
    data = orjson.loads(orjson.dumps(call_with(widget.data, context))) if widget.data is not None else None
    html = nh3.clean(call_with(widget.html, context)) if widget.html is not None else None
    return data, html


def _finish(sheet: Sheet, future: Future[Drawn]) -> DashboardWidget:
    row, widget = sheet.row, sheet.widget
    data, html, error = None, None, _find_error(sheet, future)
    if error is None:
        data, html = future.result()
    return DashboardWidget(
        plugin=row, name=widget.name, title=widget.title, order=widget.order, data=data, html=html, error=error
    )


def _find_error(sheet: Sheet, future: Future[Drawn]) -> str | None:
    plugin, name = sheet.row.name, sheet.widget.name
    if not future.done():
        future.cancel()
        logger.error("Plugin '%s': its widget '%s' took longer than %g s.", plugin, name, BUDGET_SECONDS)
        _count(sheet, None)
        return f"The widget '{name}' of '{plugin}' took longer than {BUDGET_SECONDS:g} seconds."
    raised = future.exception()
    if raised is None:
        return None
    logger.error("Plugin '%s': its widget '%s' failed.", plugin, name, exc_info=raised)
    _count(sheet, raised)
    return f"The widget '{name}' of '{plugin}' failed."


def _count(sheet: Sheet, raised: BaseException | None) -> None:
    count_for_user(
        sheet.row.name,
        user_id=sheet.user_id,
        customer_id=sheet.customer.pk if sheet.customer is not None else None,
        raised=raised,
        place=f"in the widget '{sheet.widget.name}'",
    )
