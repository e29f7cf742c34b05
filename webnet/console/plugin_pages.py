"""Serves plugins' pages under `/c/<customer>/plugins/<plugin>/`: asked for at each request, so that the gate holds."""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from webnet.api.resolvers import surfaces
from webnet.console.customer_pages import for_customer, not_found
from webnet.console.frame import Frame
from webnet.console.page_routes import Found, find_page
from webnet.containment import format_error
from webnet.errors import NotFound, PermissionDenied
from webnet.plugins.base import HookContext
from webnet.plugins.gate.permissions import permissions_of
from webnet.plugins.runtime.failures import count_for_user
from webnet.plugins.settings import layers

logger = logging.getLogger(__name__)


@for_customer
def plugin_page(request: HttpRequest, frame: Frame, plugin: str, path: str = "") -> HttpResponseBase:
    """A plugin's page, for a customer for whom it is effective and a user with the page's permission."""
    state = frame.reading.state_of(frame.customer)
    found = find_page(plugin, path) if plugin in state.effective else None
    if found is None:
        return _add_slash(request, frame, plugin, path) if plugin in state.effective else not_found(request)
    permission = found.page.permission
    if permission and permission not in permissions_of(frame.reading.actor, frame.customer, state=state):
        return _refuse(request, f"This page needs the permission '{permission}'.")
    return _show(request, frame, plugin, found)


def _add_slash(request: HttpRequest, frame: Frame, plugin: str, path: str) -> HttpResponseBase:
    """As Django does it: to the same address with a slash at its end, where there is a page."""
    if request.method not in ("GET", "HEAD") or path.endswith("/") or find_page(plugin, f"{path}/") is None:
        return not_found(request)
    address = surfaces.page_address(frame.customer, plugin) + f"{path}/"
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _show(request: HttpRequest, frame: Frame, plugin: str, found: Found) -> HttpResponseBase:
    config = frame.reading.state_of(frame.customer).config(plugin)
    context = HookContext(
        customer=frame.customer, actor=frame.reading.actor, settings=layers.opened(config.plugin, config)
    )
    frame.title = found.page.title or config.plugin.verbose_name
    request.webnet = context  # type: ignore[attr-defined]  # what plugins' views read
    try:
        return _answer(found, request)
    except (Http404, NotFound):
        return not_found(request)
    except PermissionDenied as denied:
        return _refuse(request, denied.message)
    except DjangoPermissionDenied as denied:
        return _refuse(request, str(denied) or "This page is not for you.")
    except SuspiciousOperation:  # the visitor's doing: Django answers 400, and logs it
        raise
    except (Exception, SystemExit) as error:
        logger.exception("Plugin '%s': its page '%s' failed.", plugin, found.page.name)
        count_for_user(
            plugin,
            user_id=frame.reading.actor.user_id,
            customer_id=frame.customer.pk,
            raised=error,
            place=f"on the page '{found.page.name}'",
        )
        return _fail(request, frame, plugin=config.plugin.verbose_name, reason=format_error(error))


def _answer(found: Found, request: HttpRequest) -> HttpResponseBase:
    view = found.page.view
    answer: Any = (async_to_sync(view) if iscoroutinefunction(view) else view)(request, **found.arguments)
    if not isinstance(answer, HttpResponseBase):
        raise TypeError(f"the view returned {type(answer).__name__}, not an HttpResponse")
    # A template response is rendered here, where its mistakes still are the plugin's.
    render_now = getattr(answer, "render", None)
    rendered: HttpResponseBase = render_now() if callable(render_now) else answer
    return rendered


def _refuse(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "webnet/refused.html", {"why": why}, status=403)


def _fail(request: HttpRequest, frame: Frame, *, plugin: str, reason: str) -> HttpResponse:
    # The exception's text may hold what is the plugin's own, so only those who run the platform read it here.
    told = reason if frame.reading.actor.is_platform_operator else ""
    return render(request, "webnet/page_failed.html", {"plugin": plugin, "reason": told}, status=500)
