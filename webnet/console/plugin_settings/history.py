"""The revisions of a plugin's settings, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_customer, for_platform, plugin_not_found
from webnet.console.frame.page_frame import CustomerFrame, Frame
from webnet.console.frame.paging import read_page
from webnet.console.plugin_settings.pages import refuse_role
from webnet.console.plugin_settings.targets import FoundSettings, Target
from webnet.console.settings_form.labels import find_label
from webnet.console.settings_form.shapes import Shapes
from webnet.console.settings_form.texts import show, show_apart

# Each may have 1,000 changes, and a customer's budget is for so many of them.
REVISIONS_PER_PAGE = 20


@require_safe
@for_platform
def show_global_history(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """The revisions of the settings for everybody."""
    return _show(request, Target(frame=frame, plugin=plugin))


@require_safe
@for_customer
def show_customer_history(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """The revisions of a customer's own settings."""
    return _show(request, Target(frame=frame, plugin=plugin))


def _show(request: HttpRequest, target: Target) -> HttpResponse:
    found = target.find_history(read_page(request, rows=REVISIONS_PER_PAGE))
    if found is None:
        # A role that is too low, or nothing that the viewer may know of.
        settings = target.find() if target.customer is not None else None
        refused = refuse_role(target, settings) if settings is not None else None
        return refused if refused is not None else plugin_not_found(target.frame, target.plugin)
    shapes = Shapes(found["settingsSchema"]) if found["settingsSchema"] is not None else None
    context = {
        "found": FoundSettings(
            plugin=found["name"], verbose_name=found["verboseName"], revision=found["settingsRevision"], layer=None
        ),
        "revisions": [_show_revision(each, target, shapes) for each in found["settingsHistory"]["nodes"]],
        "page_info": found["settingsHistory"]["pageInfo"],
        "address": target.address(),
        "inherit_everything": target.address("plugin-settings-revert", revision=0),
    }
    return target.frame.render("webnet/settings/history.html", context)


def _show_revision(node: Any, target: Target, shapes: Shapes | None) -> dict[str, Any]:
    return {
        **node,
        "way_back": target.address("plugin-settings-revert", revision=node["revision"]),
        "changes": [
            {**each, "label": find_label(shapes, each["path"]), "before": before, "after": after}
            for each in node["changes"]
            for before, after in [_show_values((each["before"], each["after"]))]
        ],
    }


def _show_values(values: Sequence[Any]) -> list[str]:
    if None not in values:
        return show_apart(values)
    return [gettext("inherited") if value is None else show(value) for value in values]
