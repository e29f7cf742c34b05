"""Serves plugins' pages under `/c/<customer>/plugins/<plugin>/`, while the plugin is effective for the customer."""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.core.exceptions import BadRequest, ObjectDoesNotExist, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.utils.translation import gettext

from webnet.api.engine.client_values import find_reason
from webnet.api.resolvers import navigation_and_widgets
from webnet.console.dashboard.page_routes import PageMatch, find_page
from webnet.console.dashboard.streamed_pages import PageCall, StreamedPage
from webnet.console.frame.entry import for_plugins, not_found
from webnet.console.frame.page_frame import CustomerFrame
from webnet.containment import REFUSED_VALUE, format_error
from webnet.database.outages import is_outage
from webnet.errors import DeadlineExceeded, NotFound, PermissionDenied, RateLimited
from webnet.plugins.base import HookContext
from webnet.plugins.gate.permissions import permissions_of
from webnet.plugins.runtime.calls import calling
from webnet.plugins.runtime.failures import count_for_user
from webnet.plugins.settings import layers
from webnet.values.viewer_language import for_viewer

logger = logging.getLogger(__name__)


@for_plugins
def plugin_page(request: HttpRequest, frame: CustomerFrame, plugin: str, path: str = "") -> HttpResponseBase:
    """A plugin's page, if the plugin is effective for the customer and the user has the page's permission."""
    state = frame.reading.state_of(frame.customer)
    if plugin not in state.effective:
        return _explain_absence(request, frame, plugin)
    match = find_page(plugin, path)
    if match is None:
        return _add_slash(request, frame, plugin, path)
    permission = match.page.permission
    if permission and permission not in permissions_of(frame.reading.actor, frame.customer, state=state):
        return _refuse(request, gettext("This page needs the permission '{permission}'.").format(permission=permission))
    return _show(request, frame, plugin, match)


def _explain_absence(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """Why the plugin's pages are not there, for instance since somebody has just switched it off.

    A plugin that the customer may not see looks like one that does not exist.
    """
    config = frame.run("customer_plugin", {"customer": frame.customer.slug, "plugin": plugin})["customerPluginConfig"]
    if config is None:
        return not_found(request)
    return frame.render("webnet/plugin/off.html", {"plugin": config["plugin"], "config": config}, status=404)


def _add_slash(request: HttpRequest, frame: CustomerFrame, plugin: str, path: str) -> HttpResponseBase:
    """Redirect to the address with a slash at its end if a page is there, like Django's CommonMiddleware does."""
    if request.method not in ("GET", "HEAD") or path.endswith("/") or find_page(plugin, f"{path}/") is None:
        return not_found(request)
    address = navigation_and_widgets.page_address(frame.customer, plugin) + f"{path}/"
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _show(request: HttpRequest, frame: CustomerFrame, plugin: str, match: PageMatch) -> HttpResponseBase:
    config = frame.reading.state_of(frame.customer).config(plugin)
    context = HookContext(
        customer=frame.customer, actor=frame.reading.actor, settings=layers.opened(config.plugin, config)
    )
    frame.title = match.page.title or config.plugin.verbose_name
    request.webnet = context  # type: ignore[attr-defined]  # for the plugins' views
    try:
        with calling(plugin, f"the page '{match.page.name}'", frame.customer.pk, frame.reading.actor.user_id):
            response = _call_view(match, request)
    except (Http404, NotFound):
        return not_found(request)
    except (PermissionDenied, DjangoPermissionDenied) as denied:
        return _refuse(request, str(denied) or gettext("You may not open this page."))
    except SuspiciousOperation:  # caused by the client: Django logs it and responds with 400
        raise
    except Exception as error:
        # The middleware answers, and the plugin is not to blame.
        if is_outage(error) or isinstance(error, DeadlineExceeded):
            raise
        if request.GET or request.POST or match.arguments:
            _refuse_value(plugin, match, error)
        logger.exception("Plugin '%s': its page '%s' failed.", plugin, match.page.name)
        count_for_user(
            plugin,
            user_id=frame.reading.actor.user_id,
            customer_id=frame.customer.pk,
            raised=error,
            place=f"on the page '{match.page.name}'",
        )
        return _fail(request, frame, plugin=config.plugin.verbose_name, reason=format_error(error))
    if isinstance(response, StreamingHttpResponse):
        return _stream(request, frame, response, plugin=plugin, page=match.page.name)
    return response


def _stream(
    request: HttpRequest, frame: CustomerFrame, response: StreamingHttpResponse, *, plugin: str, page: str
) -> HttpResponseBase:
    call = PageCall(
        plugin=plugin,
        page=page,
        customer_id=frame.customer.pk,
        customer=frame.customer.slug,
        user_id=frame.reading.actor.user_id,
    )
    try:
        return StreamedPage(response, call)
    except RateLimited as refusal:
        response.close()
        refused = render(request, "webnet/too_many_streams.html", {"reason": for_viewer(refusal.message)}, status=429)
        refused["Retry-After"] = str(refusal.retry_after_seconds)
        return refused


def _refuse_value(plugin: str, match: PageMatch, error: Exception) -> None:
    """Raise Http404 or BadRequest if the error is about a value, which the plugin has passed on unchecked."""
    reason = find_reason(error)
    if reason is None:
        return
    # For the plugin's author. The exception's text may hold the value.
    log = "Plugin '%s': a value passed on by its page '%s' raised %s: check it."
    logger.warning(log, plugin, match.page.name, type(error).__name__, extra={REFUSED_VALUE: error})
    if isinstance(error, ObjectDoesNotExist):
        raise Http404(reason) from error
    raise BadRequest(f"A value of this request can't be used: {reason}.") from error


def _call_view(match: PageMatch, request: HttpRequest) -> HttpResponseBase:
    view = match.page.view
    response: Any = (async_to_sync(view) if iscoroutinefunction(view) else view)(request, **match.arguments)
    if not isinstance(response, HttpResponseBase):
        raise TypeError(f"the view returned {type(response).__name__}, not an HttpResponse")
    # A TemplateResponse is rendered here rather than by Django, so that its errors count as the plugin's.
    render_now = getattr(response, "render", None)
    rendered: HttpResponseBase = render_now() if callable(render_now) else response
    return rendered


def _refuse(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "webnet/refused.html", {"reason": reason}, status=403)


def _fail(request: HttpRequest, frame: CustomerFrame, *, plugin: str, reason: str) -> HttpResponse:
    # The text of the exception may contain internals of the plugin, so only platform operators see it.
    shown = reason if frame.reading.actor.is_platform_operator else ""
    return render(request, "webnet/page_failed.html", {"plugin": plugin, "reason": shown}, status=500)
