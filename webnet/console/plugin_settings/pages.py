"""The form of a plugin's settings: filled in, reviewed, saved; and what is shown if somebody else was faster.

All of it is one form: each page carries what was typed, so that nothing is stored on the way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, for_platform, not_allowed, plugin_not_found
from webnet.console.frame.page_frame import NOT_SENT, CustomerFrame, Frame, Refused
from webnet.console.plugin_settings.changes import show_changes
from webnet.console.plugin_settings.conflicts import resolve, show_differences
from webnet.console.plugin_settings.targets import FoundSettings, Target
from webnet.console.plugin_settings.typed_secrets import make_seals
from webnet.console.settings_form import names
from webnet.console.settings_form.buttons import UnusableButton
from webnet.console.settings_form.form import BASE, Base, SettingsForm, UnreadableForm
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.patches import make_patch
from webnet.customers.models import Role

METHODS = require_http_methods(["GET", "HEAD", "POST"])
REFUSED = 422
CONFLICT = 409
SWITCHED = gettext_noop(
    "You chose another kind, whose fields are in the form now. Fill them in, and go on from here: nothing is lost."
)


@METHODS
@sensitive_post_parameters()
@for_platform
def edit_global_settings(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """The settings for everybody."""
    return _SettingsPage(request, Target(frame=frame, plugin=plugin)).answer()


@METHODS
@sensitive_post_parameters()
@for_customer
def edit_customer_settings(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """A customer's own settings; for its viewers without the form."""
    return _SettingsPage(request, Target(frame=frame, plugin=plugin)).answer()


def refuse_role(target: Target, found: FoundSettings) -> HttpResponse | None:
    """The page for members who may not change the customer's settings; None for others."""
    return None if _may_change(target) else not_allowed(target.frame, _name_roles(found))


def _may_change(target: Target) -> bool:
    role = target.frame.role
    return target.customer is None or (role is not None and role.includes(Role.OPERATOR))


def _name_roles(found: FoundSettings) -> str:
    text = gettext("Operators and admins of the customer change the settings of %(plugin)s.")
    return text % {"plugin": found.verbose_name}


class _SettingsPage:
    """One request of the form."""

    def __init__(self, request: HttpRequest, target: Target) -> None:
        self._request = request
        self._target = target
        self._do = request.POST.get("do", "review")

    def answer(self) -> HttpResponse:
        found = self._target.find()
        if found is None:
            return plugin_not_found(self._target.frame, self._target.plugin)
        self._found = found
        if self._request.method == "POST" and (refused := refuse_role(self._target, found)) is not None:
            return refused
        if found.layer is None:
            return self._render("webnet/settings/none.html")
        if self._request.method != "POST":
            form = SettingsForm(layer=found.layer, revision=found.revision, seals=self._seals)
            if _may_change(self._target):
                return self._show(form)
            return self._render("webnet/settings/shown.html", {"form": form, "who": _name_roles(found)})
        try:
            form = self._read_form(found.layer)
        except UnreadableForm:
            form = SettingsForm(layer=found.layer, revision=found.revision, seals=self._seals)
            notice = gettext("This form could not be read. It begins anew with the settings as they are now.")
            return self._show(form, notice=notice, status=400)
        return self._answer_form(form, found.layer)

    def _read_form(self, layer: Layer) -> SettingsForm:
        """The form as it was sent, over the settings that the person saw."""
        base = Base.read(self._request.POST.get(BASE, ""))
        seen = replace(layer, settings=base.settings, secrets=base.secrets)
        entries = names.read_sent(self._request.POST.dict())
        if not entries:
            raise UnreadableForm
        entries |= names.mark_lost(self._target.frame.left_out)
        return SettingsForm(layer=seen, revision=base.revision, entries=entries, seals=self._seals)

    def _answer_form(self, form: SettingsForm, layer: Layer) -> HttpResponse:
        switched = form.switched()
        if switched is not None:
            # Whoever pressed another button than the choice's own did not ask for these fields.
            notice = "" if self._do == "switch" else gettext(SWITCHED)
            return self._show(switched, notice=notice)
        if self._do in {"resolve", "resolve-edit"}:
            form = resolve(form, layer, self._found.revision, self._request.POST.dict())
        elif self._do not in {"review", "save", "edit", "switch"}:
            try:
                return self._show(form.press(self._do))
            except UnusableButton as error:
                return self._show(form, notice=str(error), status=REFUSED)
        if self._do in {"edit", "switch", "resolve-edit"}:
            return self._show(form)
        if form.is_broken:
            notice = gettext(NOT_SENT) if self._target.frame.is_unsent else ""
            return self._show(form, notice=notice, status=REFUSED)
        return self._save(form) if self._do == "save" else self._review(form)

    def _review(self, form: SettingsForm) -> HttpResponse:
        patch = form.patch
        if not patch:
            return self._show(form, notice=gettext("You have not changed anything."))
        planned = self._target.plan(patch, revision=form.revision, secrets=form.secret_paths)
        refusal = planned["refusal"]
        if refusal is not None and not refusal.get("customers"):
            return self._show_refusal(form, refusal)
        return self._show_review(form, planned["changes"], refusal)

    def _save(self, form: SettingsForm) -> HttpResponse:
        is_invalid_allowed = "allow-invalid" in self._request.POST
        try:
            change = self._target.update(
                form.patch,
                revision=form.revision,
                secrets=form.secret_paths,
                reason=self._request.POST.get("reason", "").strip(),
                allow_invalid=is_invalid_allowed,
            )
        except Refused as refused:
            if refused.data.get("customers"):
                return self._review(form)
            return self._show_refusal(form, refused.data)
        saved = gettext("The settings are saved.") if change["changed"] else gettext("The settings were so already.")
        messages.success(self._request, saved)
        return redirect(self._target.address())

    def _show_refusal(self, form: SettingsForm, refusal: Any) -> HttpResponse:
        if refusal["code"] == "REVISION_CONFLICT":
            return self._show_conflict(form)
        if "issues" in refusal:
            issues = [(issue["path"], issue["message"]) for issue in refusal["issues"]]
            return self._show(form.with_issues(issues), status=REFUSED)
        return self._show(form, notice=refusal["message"], status=REFUSED)

    def _show_conflict(self, form: SettingsForm) -> HttpResponse:
        found = self._target.find()
        if found is None or found.layer is None:
            return plugin_not_found(self._target.frame, self._target.plugin)
        if not form.secrets and not make_patch(found.layer.settings, form.settings):
            # Somebody wished for the same, or this form was sent twice.
            messages.success(self._request, gettext("The settings were so already."))
            return redirect(self._target.address())
        differences = show_differences(form, found.layer)
        context = {
            "form": form,
            "differences": differences,
            "has_contested": any(each.is_contested for each in differences),
            "revision": found.revision,
            "reason": self._request.POST.get("reason", ""),
        }
        return self._render("webnet/settings/conflict.html", context, status=CONFLICT)

    def _show_review(self, form: SettingsForm, changes: Any, refusal: Any) -> HttpResponse:
        removed = {path for path, value in form.secrets.items() if value is None}
        shown = show_changes(changes, shapes=form.shapes, inherited=form.layer.inherited, removed=removed)
        context = {
            "form": form,
            "changes": list(shown),
            "refusal": refusal,
            "reason": self._request.POST.get("reason", ""),
        }
        return self._render("webnet/settings/review.html", context, status=REFUSED if refusal else 200)

    def _show(self, form: SettingsForm, *, notice: str = "", status: int = 200) -> HttpResponse:
        context = {"form": form, "notice": notice, "reason": self._request.POST.get("reason", "")}
        return self._render("webnet/settings/form.html", context, status=status)

    def _render(self, template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
        common = {
            "found": self._found,
            "address": self._target.address(),
            "history": self._target.address("plugin-settings-history"),
        }
        return self._target.frame.render(template, {**common, **(context or {})}, status=status)

    @property
    def _seals(self) -> Any:
        return make_seals(self._target)
