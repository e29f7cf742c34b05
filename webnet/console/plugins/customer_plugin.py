"""The pages of one plugin for one customer, with what the viewer's role may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from webnet.console.frame.entry import for_customer, not_allowed, plugin_not_found
from webnet.console.frame.page_frame import CustomerFrame
from webnet.console.frame.paging import read_page
from webnet.console.plugins.drawings import describe_graph, describe_health, list_versions
from webnet.console.plugins.plugin import CHECKS_PER_PAGE, render_activity, run_check
from webnet.console.words import find_word
from webnet.customers.models import Role


@require_safe
@for_customer
def show_customer_plugin(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:  # noqa: ARG001 - as every view
    """Whether the customer has the plugin, and why not."""
    answer = frame.run("customer_plugin", {"customer": frame.customer.slug, "plugin": plugin})
    config = answer["customerPluginConfig"]
    if config is None:
        return plugin_not_found(frame, plugin)
    pages = [item for item in answer["navigationItems"] if item["plugin"]["name"] == plugin]
    context = {"plugin": config["plugin"], "config": config, "pages": pages}
    return frame.render("webnet/plugin/customer_overview.html", context)


@require_safe
@for_customer
def show_customer_contributions(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:  # noqa: ARG001 - as every view
    """What the plugin adds, for operators."""
    found = frame.run("plugin_contributions", {"plugin": plugin})["plugin"]
    if found is None:
        return plugin_not_found(frame, plugin)
    if found["contributions"] is None and not _operates(frame):
        return _for_operators(frame)
    context = {"plugin": found, "contributions": found["contributions"], **describe_graph(frame, found)}
    return frame.render("webnet/plugin/contributions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def show_customer_health(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """The results of checks for the customer; a POST runs one now."""
    refusal = None
    pair = {"customer": frame.customer.slug, "plugin": plugin}
    if request.method == "POST":
        refusal = run_check(frame, pair)
        if refusal is None:
            return redirect(request.path)
    config = frame.run("customer_plugin_health", {**pair, **read_page(request, rows=CHECKS_PER_PAGE)})
    if (found := config["customerPluginConfig"]) is None:
        return plugin_not_found(frame, plugin)
    context = {
        "plugin": found["plugin"],
        "may_check": _operates(frame),
        "refusal": refusal,
        **describe_health(frame, found["healthHistory"]),
    }
    return frame.render("webnet/plugin/health.html", context, status=422 if refusal else 200)


@require_safe
@for_customer
def show_customer_activity(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:  # noqa: ARG001 - as every view
    """The plugin's rows of the customer's audit log, for operators."""
    if not _operates(frame):
        return _for_operators(frame)
    return render_activity(frame, plugin) or plugin_not_found(frame, plugin)


@require_safe
@for_customer
def show_customer_versions(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """The installed version, and what to know before an upgrade."""
    found = frame.run("plugin_versions", {"plugin": plugin, **read_page(request)})["plugin"]
    if found is None:
        return plugin_not_found(frame, plugin)
    rows = found["auditLogs"]
    context = {"plugin": found, "versions": list_versions(found), "page_info": rows and rows["pageInfo"]}
    return frame.render("webnet/plugin/versions.html", context)


def _operates(frame: CustomerFrame) -> bool:
    return frame.role is not None and frame.role.includes(Role.OPERATOR)


def _for_operators(frame: CustomerFrame) -> HttpResponse:
    role = find_word("OPERATOR")
    return not_allowed(frame, _("This page is for members with the role %(role)s or a higher one.") % {"role": role})
