"""Going back to an earlier revision of a plugin's settings: what changes, then the reason, and the change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, for_platform, not_found, plugin_not_found
from webnet.console.frame.page_frame import CustomerFrame, Frame, Refused
from webnet.console.plugin_settings.changes import show_changes
from webnet.console.plugin_settings.pages import CONFLICT, REFUSED, refuse_role
from webnet.console.plugin_settings.targets import FoundSettings, Target
from webnet.console.settings_form.labels import find_label
from webnet.console.settings_form.shapes import Shapes

METHODS = require_http_methods(["GET", "HEAD", "POST"])
# What a revision may be, on any database.
LARGEST_REVISION = 2**31 - 1


@METHODS
@for_platform
def revert_global_settings(request: HttpRequest, frame: Frame, plugin: str, revision: int) -> HttpResponse:
    """Go back with the settings for everybody."""
    return _answer(request, Target(frame=frame, plugin=plugin), revision)


@METHODS
@for_customer
def revert_customer_settings(request: HttpRequest, frame: CustomerFrame, plugin: str, revision: int) -> HttpResponse:
    """Go back with a customer's own settings."""
    return _answer(request, Target(frame=frame, plugin=plugin), revision)


def _answer(request: HttpRequest, target: Target, revision: int) -> HttpResponse:
    if revision > LARGEST_REVISION:
        return not_found(request)
    found = target.find()
    if found is None:
        return plugin_not_found(target.frame, target.plugin)
    if (refused := refuse_role(target, found)) is not None:
        return refused
    expected = request.POST.get("expected", "")
    if request.method != "POST" or not (expected.isascii() and expected.isdecimal() and len(expected) < 10):
        return _review(request, target, found, revision)
    try:
        change = target.revert(
            revision,
            expected_revision=int(expected),
            reason=request.POST.get("reason", "").strip(),
            allow_invalid="allow-invalid" in request.POST,
        )
    except Refused as failed:
        return _review(request, target, found, revision, refused=failed)
    went_back = gettext("The settings are those of revision %d again; secrets stay as they are.") % revision
    if revision == 0:
        went_back = gettext("Everything is inherited again.")
    messages.success(request, went_back if change["changed"] else gettext("The settings were so already."))
    return redirect(target.address())


def _review(
    request: HttpRequest, target: Target, found: FoundSettings, revision: int, *, refused: Refused | None = None
) -> HttpResponse:
    """What going back changes now, or why it is refused; after a conflict, over what somebody else has saved."""
    planned = target.plan_revert(revision)
    refusal = planned["refusal"] or (refused.data if refused is not None else None)
    shapes = Shapes(found.layer.schema) if found.layer is not None else None
    secrets = [each["path"] for each in planned["changes"] if each["isSecret"]]
    shown = show_changes(
        planned["changes"],
        shapes=shapes,
        inherited=found.layer.inherited if found.layer is not None else {},
        # Going back sets none.
        removed=secrets,
    )
    context: dict[str, Any] = {
        "found": found,
        "expected": planned["currentRevision"],
        "revision": revision,
        "changes": list(shown),
        "refusal": refusal,
        "issues": [(find_label(shapes, each["path"]), each["message"]) for each in (refusal or {}).get("issues", ())],
        # Only what customers' own settings are not valid with can be done all the same.
        "is_possible": planned["refusal"] is None or bool(planned["refusal"].get("customers")),
        "reason": request.POST.get("reason", ""),
        "address": target.address("plugin-settings-revert", revision=revision),
        "history": target.address("plugin-settings-history"),
    }
    is_conflict = refused is not None and refused.code == "REVISION_CONFLICT"
    status = CONFLICT if is_conflict else REFUSED if refusal is not None else 200
    return target.frame.render("webnet/settings/revert.html", context, status=status)
