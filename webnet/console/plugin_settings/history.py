"""The revisions of a plugin's settings, newest first, and going back to one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, for_platform, not_found
from webnet.console.frame.page_frame import CustomerFrame, Frame, Refused
from webnet.console.frame.paging import read_page
from webnet.console.plugin_settings.pages import refuse_role
from webnet.console.plugin_settings.targets import FoundSettings, Target
from webnet.console.settings_form.labels import find_label
from webnet.console.settings_form.shapes import Shapes
from webnet.console.settings_form.texts import show

METHODS = require_http_methods(["GET", "HEAD", "POST"])
# Each may have 1,000 changes, and a customer's budget is for so many of them.
REVISIONS_PER_PAGE = 20
# What a revision may be, on any database.
MAXIMUM_REVISION_DIGITS = 9


@METHODS
@for_platform
def show_global_history(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """The revisions of the settings for everybody."""
    return _answer(request, Target(frame=frame, plugin=plugin))


@METHODS
@for_customer
def show_customer_history(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """The revisions of a customer's own settings."""
    return _answer(request, Target(frame=frame, plugin=plugin))


def _answer(request: HttpRequest, target: Target) -> HttpResponse:
    if request.method != "POST":
        return _show(request, target)
    revision, expected = (_read_revision(request.POST.get(name, "")) for name in ("revision", "expected"))
    if revision is None or expected is None:
        return _show(request, target, refusal={"message": gettext("There is no such revision.")}, status=422)
    try:
        change = target.revert(revision, expected_revision=expected, reason=request.POST.get("reason", "").strip())
    except Refused as refused:
        return _show(request, target, refusal=refused.data, status=422)
    went_back = gettext("The settings are those of revision %d again; secrets stay as they are.") % revision
    if revision == 0:
        went_back = gettext("Everything is inherited again.")
    messages.success(request, went_back if change["changed"] else gettext("The settings were so already."))
    return redirect(target.address())


def _show(request: HttpRequest, target: Target, *, refusal: Any = None, status: int = 200) -> HttpResponse:
    found = target.find_history(read_page(request, rows=REVISIONS_PER_PAGE))
    if found is None:
        # A role that is too low, or nothing that the viewer may know of.
        settings = target.find() if target.customer is not None else None
        refused = refuse_role(target, settings) if settings is not None else None
        return refused if refused is not None else not_found(request)
    shapes = Shapes(found["settingsSchema"]) if found["settingsSchema"] is not None else None
    context = {
        "found": FoundSettings(
            plugin=found["name"], verbose_name=found["verboseName"], revision=found["settingsRevision"], layer=None
        ),
        "revisions": [_show_revision(each, shapes) for each in found["settingsHistory"]["nodes"]],
        "page_info": found["settingsHistory"]["pageInfo"],
        "address": target.address(),
        "refusal": refusal,
        "reason": request.POST.get("reason", ""),
    }
    return target.frame.render("webnet/settings/history.html", context, status=status)


def _show_revision(node: Any, shapes: Shapes | None) -> dict[str, Any]:
    return {
        **node,
        "changes": [
            {
                **each,
                "label": find_label(shapes, each["path"]),
                "before": _show_value(each["before"]),
                "after": _show_value(each["after"]),
            }
            for each in node["changes"]
        ],
    }


def _show_value(value: Any) -> str:
    return gettext("inherited") if value is None else show(value)


def _read_revision(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAXIMUM_REVISION_DIGITS else None
