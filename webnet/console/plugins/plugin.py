"""The pages of one plugin on the platform: overview, contributions, health, activity and versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from webnet.console.frame.entry import for_platform, not_found
from webnet.console.frame.page_frame import Frame, Refused
from webnet.console.frame.paging import read_page
from webnet.console.plugins.drawings import describe_graph, describe_health, list_versions
from webnet.console.plugins.live import make_stream_address

# A page of the history of checks is drawn as a chart; more points could not be told apart.
CHECKS_PER_PAGE = 100


@require_safe
@for_platform
def show_plugin(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """What the plugin is, and its state in a sentence."""
    found = _find(frame, "plugin", {"plugin": plugin})
    return frame.render("webnet/plugin/overview.html", {"plugin": found}) if found else not_found(request)


@require_safe
@for_platform
def show_contributions(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """What the plugin adds, and which plugins it needs or is needed by."""
    found = _find(frame, "plugin_contributions", {"plugin": plugin})
    if found is None:
        return not_found(request)
    context = {"plugin": found, "contributions": found["contributions"], **describe_graph(frame, found)}
    return frame.render("webnet/plugin/contributions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def show_health(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """The results of checks; a POST runs one now."""
    refusal = None
    if request.method == "POST":
        # Looked at first, since whoever may not see the page shall not learn that there is such a plugin.
        if not frame.is_platform_operator:
            return not_found(request)
        refusal = run_check(frame, {"plugin": plugin})
        if refusal is None:
            return redirect(request.path)
    variables = {"plugin": plugin, **read_page(request, rows=CHECKS_PER_PAGE)}
    found = _find(frame, "plugin_health", variables)
    if found is None:
        return not_found(request)
    context = {"plugin": found, "may_check": True, "refusal": refusal, **describe_health(frame, found["healthHistory"])}
    return frame.render("webnet/plugin/health.html", context, status=422 if refusal else 200)


@require_safe
@for_platform
def show_activity(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """The plugin's rows of the audit log; the first page goes on by itself."""
    if not frame.is_platform_operator:
        return not_found(request)
    return render_activity(frame, plugin) or not_found(request)


@require_safe
@for_platform
def show_versions(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """Which version was installed when, and what to know before an upgrade."""
    found = _find(frame, "plugin_versions", {"plugin": plugin, **read_page(request)})
    if found is None:
        return not_found(request)
    context = {"plugin": found, "versions": list_versions(found), "page_info": found["auditLogs"]["pageInfo"]}
    return frame.render("webnet/plugin/versions.html", context)


def run_check(frame: Frame, values: dict[str, Any]) -> Refused | None:
    """Run a health check, and leave its result to the next page; the refusal if there is one."""
    reason = frame.request.POST.get("reason", "").strip() or None
    try:
        health = frame.change("check_plugin_health", {"input": {**values, "reason": reason}})["health"]
    except Refused as refused:
        return refused
    kind = messages.SUCCESS if health["status"] == "HEALTHY" else messages.WARNING
    messages.add_message(frame.request, kind, health["message"] or _("The check has ended."))
    return None


def render_activity(frame: Frame, plugin: str) -> HttpResponse | None:
    """The page with the plugin's rows of the audit log, for htmx the rows alone; None if there is no such plugin."""
    answer = frame.run("plugin_activity", {"plugin": plugin, **read_page(frame.request)})
    if answer["plugin"] is None:
        return None
    rows = answer["pluginAuditLogs"]
    is_first = not frame.request.GET.get("after") and not frame.request.GET.get("before")
    stream = make_stream_address(frame, plugin, after=rows["pageInfo"]["startCursor"]) if is_first else ""
    template = "webnet/plugin/activity_rows.html" if frame.htmx else "webnet/plugin/activity.html"
    return frame.render(template, {"plugin": answer["plugin"], "rows": rows, "stream": stream})


def _find(frame: Frame, document: str, variables: dict[str, Any]) -> dict[str, Any] | None:
    """The plugin as the document has it; None if there is none, or its pages on the platform are not for the viewer."""
    found: dict[str, Any] | None = frame.run(document, variables)["plugin"] if frame.is_platform_operator else None
    return found
