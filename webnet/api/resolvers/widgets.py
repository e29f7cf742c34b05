"""Renders the dashboard's widgets: all at once, outside of the request's thread; a failing one affects no other."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import orjson
from django.utils import translation

from webnet.api.request.reader import Reading
from webnet.api.values.contributions import DashboardWidget
from webnet.customers.models import Customer
from webnet.database.outages import find_outage
from webnet.plugins.base import HookContext, call_with
from webnet.plugins.declarations import DashboardWidget as DeclaredWidget
from webnet.plugins.models import PluginConfig
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.calls import calling
from webnet.plugins.runtime.failures import count_for_user
from webnet.plugins.runtime.thread_lanes import Lane, LaneBlocked
from webnet.plugins.settings import layers
from webnet.sentences import sentence
from webnet.values.lazy_texts import plain
from webnet.values.viewer_language import for_viewer

logger = logging.getLogger(__name__)

BUDGET_SECONDS = 2.0
# A path of this server, or the image itself. Browsers read "//", "/\" and "/<tab>/" as the beginning of another host.
LOCAL_IMAGE = re.compile(r"/?(?!/)[^\s\\:]+|data:image/(?:gif|jpeg|png|svg\+xml|webp)[;,]\S*")

Rendered: TypeAlias = "tuple[Any, str | None]"


@dataclass(frozen=True, kw_only=True)
class WidgetJob:
    """A widget to render, and for whom."""

    row: PluginConfig
    widget: DeclaredWidget
    context: HookContext
    customer: Customer | None
    user_id: int | None
    language: str | None


def render(
    reading: Reading, customer: Customer | None, wanted: Iterable[tuple[PluginConfig, DeclaredWidget]]
) -> list[DashboardWidget]:
    """The widgets in order, rendered within one time budget; those that are not ready by then show as failed."""
    ordered = sorted(wanted, key=lambda each: (each[1].order, each[1].title, each[0].name))
    jobs = [
        WidgetJob(
            row=row,
            widget=widget,
            context=_context(reading, customer, row),
            customer=customer,
            user_id=reading.actor.user_id,
            language=translation.get_language(),
        )
        for row, widget in ordered
    ]
    started = [_start(job) for job in jobs]
    wait(started, timeout=BUDGET_SECONDS)
    return [_finish(job, future) for job, future in zip(jobs, started, strict=True)]


def _context(reading: Reading, customer: Customer | None, row: PluginConfig) -> HookContext:
    config = reading.state_of(customer).config(row.name) if customer is not None else None
    return HookContext(customer=customer, actor=reading.actor, settings=layers.opened(row, config))


def _start(job: WidgetJob) -> Future[Rendered]:
    try:
        return _lane(job.row.name).start(lambda: _call(job))
    except LaneBlocked as blocked:
        refused: Future[Rendered] = Future()
        refused.set_exception(blocked)
        return refused


@cache
def _lane(plugin: str) -> Lane:
    return Lane(plugin, patience_seconds=BUDGET_SECONDS)


def _call(job: WidgetJob) -> Rendered:
    widget, context = job.widget, job.context
    # Serialised and parsed again, so that a value that is not JSON fails here and not the whole response.
    # The thread has no language, so that of the request is set.
    customer_id = job.customer.pk if job.customer is not None else None
    with (
        # Nobody waits for it by then, but an endless statement would keep the thread.
        open_requests.working(
            f"the widget '{widget.name}'", open_requests.make_deadline(writes=False), is_request=False
        ),
        translation.override(job.language),
        calling(job.row.name, f"the widget '{widget.name}'", customer_id, job.user_id),
    ):
        data = orjson.loads(orjson.dumps(plain(call_with(widget.data, context)))) if widget.data is not None else None
        html = sanitize(plain(call_with(widget.html, context))) if widget.html is not None else None
    return data, html


def sanitize(html: str) -> str:
    """The HTML without scripts, styles, forms and frames, and without images that another server would see loaded."""
    import nh3  # takes 1.5 MB, in processes that show such widgets only

    return nh3.clean(html, url_schemes=nh3.ALLOWED_URL_SCHEMES | {"data"}, attribute_filter=_keep_attribute)


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if LOCAL_IMAGE.fullmatch(value) else None
    # "data" is allowed for images only. Browsers leave out spaces and line breaks.
    is_data = attribute in ("cite", "href") and "".join(value.split()).lower().startswith("data:")
    return None if is_data else value


def _finish(job: WidgetJob, future: Future[Rendered]) -> DashboardWidget:
    row, widget = job.row, job.widget
    data, html, error = None, None, _find_error(job, future)
    if error is None:
        data, html = future.result()
    place = job.customer.slug if job.customer is not None else ""
    return DashboardWidget(
        key=f"{place}/{row.name}/{widget.name}",
        plugin=row,
        name=widget.name,
        title=widget.title,
        order=widget.order,
        data=data,
        html=html,
        error=error and for_viewer(error),
    )


def _find_error(job: WidgetJob, future: Future[Rendered]) -> str | None:
    plugin, name = job.row.name, job.widget.name
    if not future.done():
        future.cancel()
        logger.error("Plugin '%s': its widget '%s' took longer than %g s.", plugin, name, BUDGET_SECONDS)
        _count(job, None)
        return sentence(
            "The widget '{widget}' of '{plugin}' took longer than {seconds:g} seconds.",
            widget=name,
            plugin=plugin,
            seconds=BUDGET_SECONDS,
        )
    raised = future.exception()
    if raised is None:
        return None
    if outage := find_outage(raised):
        logger.warning("Plugin '%s': its widget '%s' got nothing from the database: %s", plugin, name, raised)
        return outage.message
    logger.error("Plugin '%s': its widget '%s' failed.", plugin, name, exc_info=raised)
    _count(job, raised)
    return sentence("The widget '{widget}' of '{plugin}' failed.", widget=name, plugin=plugin)


def _count(job: WidgetJob, raised: BaseException | None) -> None:
    count_for_user(
        job.row.name,
        user_id=job.user_id,
        customer_id=job.customer.pk if job.customer is not None else None,
        raised=raised,
        place=f"in the widget '{job.widget.name}'",
    )
