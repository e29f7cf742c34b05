"""Switching a plugin, for everybody or for one customer: first the plan, then what it says and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, for_platform, not_allowed, not_found, plugin_not_found
from webnet.console.frame.page_frame import CustomerFrame, Frame, Refused
from webnet.console.plugins.words import MEANINGS
from webnet.customers.models import Role

AVAILABILITY = "SET_AVAILABILITY"
# What has no plan: it ends a pause.
RESUME = "RESUME"
# The mutation for everybody and for one customer, the part of its input that takes other plugins along, and of its
# payload that names them.
MUTATIONS: Mapping[str, tuple[str, str, str, str]] = {
    "ENABLE": ("enable_plugin", "enable_customer_plugin", "enableDependencies", "alsoEnabled"),
    "DISABLE": ("disable_plugin", "disable_customer_plugin", "disableDependents", "alsoDisabled"),
    "RESET": ("", "reset_customer_plugin", "cascade", "alsoChanged"),
    AVAILABILITY: ("set_plugin_availability", "set_plugin_availability", "", ""),
    RESUME: ("resume_plugin", "resume_plugin", "", ""),
}
OUTDATED = gettext_lazy(
    "Something has changed since you looked at the plan, and nothing was done. This is what would be done now."
)
# A plan as somebody saw it; the same digest means the same plan.
DIGEST_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for: an action, empty for none yet, and an availability, empty to leave it."""

    action: str
    availability: str
    reason: str
    seen: str

    @classmethod
    def read(cls, request: HttpRequest) -> Wish:
        """As it is in the address, or in the form that confirms it."""
        given = request.POST if request.method == "POST" else request.GET
        names = ("action", "availability", "reason", "seen")
        return cls(**{name: given.get(name, "").replace("\0", "").strip()[:1_000] for name in names})

    @property
    def is_planned(self) -> bool:
        """Whether there is a plan of it; the API refuses an action that does not exist."""
        return bool(self.action) and self.action != RESUME


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The plugin as the page shows it: for everybody, or for a customer by its `config`; `plan` is that of the wish."""

    plugin: Mapping[str, Any]
    config: Mapping[str, Any] | None
    plan: Mapping[str, Any] | None

    @property
    def is_on(self) -> bool:
        """Whether it is enabled for everybody, or chosen or on by default for the customer."""
        if self.config is None:
            return bool(self.plugin["enabled"])
        if self.config["availability"] == "REQUIRED" or self.config["enabled"] is not None:
            return self.config["availability"] == "REQUIRED" or bool(self.config["enabled"])
        return bool(self.config["availability"] == "DEFAULT_ON")

    @property
    def is_paused(self) -> bool:
        """Whether it is paused there: for a customer, and not for everybody."""
        codes = (self.config or self.plugin)["ineffectiveCodes"]
        return "PAUSED" in codes and (self.config is None or self.plugin["status"] != "PAUSED")

    @property
    def seen(self) -> str:
        """The digest of the plan; empty without one."""
        if self.plan is None:
            return ""
        return hashlib.sha256(json.dumps(self.plan, sort_keys=True).encode()).hexdigest()[:DIGEST_LENGTH]

    @property
    def plan_steps(self) -> list[Mapping[str, Any]]:
        """What would be done; empty without a plan."""
        return list(self.plan["steps"]) if self.plan is not None else []


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def switch_plugin(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """Switch the plugin for everybody, or decide what customers may choose."""
    if not frame.is_platform_operator:
        return not_found(request)
    return _switch(request, frame, plugin)


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def switch_customer_plugin(request: HttpRequest, frame: CustomerFrame, plugin: str) -> HttpResponse:
    """Switch the plugin for the customer."""
    if frame.role is None or not frame.role.includes(Role.OPERATOR):
        return not_allowed(frame, _("Only operators and admins of the customer can switch its plugins."))
    return _switch(request, frame, plugin)


def _switch(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    wish = Wish.read(request)
    subject = _find_subject(frame, plugin, wish)
    if subject is None:
        return plugin_not_found(frame, plugin)
    refusal = subject.plan["refusal"] if subject.plan is not None else None
    status, is_outdated = 200, False
    if request.method == "POST" and wish.action:
        if refusal is not None:
            status = 422
        elif wish.seen != subject.seen:
            # Something else has changed since: the plan that is confirmed has to be the one that is carried out.
            status, is_outdated = 409, True
        else:
            try:
                messages.success(request, _carry_out(frame, wish, subject))
            except Refused as refused:
                if refused.code == "PLAN_CHANGED":
                    return _look_again(request, wish)
                status, refusal = 422, refused.data
            else:
                return redirect(request.path)
    context = {
        "wish": wish,
        "subject": subject,
        "plugin": subject.plugin,
        "config": subject.config,
        "plan": subject.plan,
        "actions": list(_list_actions(frame, subject)),
        "meanings": MEANINGS,
        "refusal": refusal,
        "in_the_way": _name_plugins(frame, refusal),
        "outdated": OUTDATED if is_outdated else "",
    }
    return frame.render("webnet/plugins/switch.html", context, status=status)


def _look_again(request: HttpRequest, wish: Wish) -> HttpResponse:
    """To the plan as it is now, which this request has read before it changed."""
    messages.warning(request, OUTDATED)
    wanted = {"action": wish.action, "availability": wish.availability, "reason": wish.reason}
    return redirect(f"{request.path}?{urlencode({name: value for name, value in wanted.items() if value})}")


def _find_subject(frame: Frame, plugin: str, wish: Wish) -> Subject | None:
    config = None
    if frame.customer is None:
        found = frame.run("plugin_switch", {"plugin": plugin})["plugin"]
    else:
        asked = {"customer": frame.customer.slug, "plugin": plugin}
        config = frame.run("customer_plugin_switch", asked)["customerPluginConfig"]
        found = config["plugin"] if config is not None else None
    if found is None:
        return None
    return Subject(plugin=found, config=config, plan=_find_plan(frame, plugin, wish))


def _find_plan(frame: Frame, plugin: str, wish: Wish) -> Mapping[str, Any] | None:
    # For everybody, an availability that is left as it is changes nothing.
    is_left = frame.customer is None and wish.action == AVAILABILITY and not wish.availability
    if is_left or not wish.is_planned:
        return None
    asked = {"plugin": plugin, "action": wish.action}
    if frame.customer is not None:
        asked["customer"] = frame.customer.slug
    if wish.availability and (wish.action == AVAILABILITY or (wish.action == "ENABLE" and frame.customer is None)):
        asked["availability"] = wish.availability
    plan: Mapping[str, Any] = frame.run("plugin_plan", asked)["pluginPlan"]
    return plan


def _list_actions(frame: Frame, subject: Subject) -> Iterator[tuple[str, str | Promise]]:
    """What can be asked for as things are, and what it is called; the first is what is most likely meant."""
    if subject.is_paused:
        yield RESUME, _("Resume it now")
    if frame.customer is None:
        if subject.is_on:
            yield "DISABLE", _("Disable it for everybody")
            yield "ENABLE", _("Keep it enabled, and decide what customers may choose")
        else:
            yield "ENABLE", _("Enable it for everybody")
            yield AVAILABILITY, _("Keep it disabled, and decide what customers may choose")
        return
    if subject.config is not None and subject.config["availability"] not in ("REQUIRED", "WITHHELD"):
        yield ("DISABLE", _("Switch it off")) if subject.is_on else ("ENABLE", _("Switch it on"))
    if subject.config is not None and subject.config["enabled"] is not None:
        yield "RESET", _("Forget the customer's choice, so that the availability decides")
    if frame.is_platform_operator:
        yield AVAILABILITY, _("Decide what this customer may choose")


def _carry_out(frame: Frame, wish: Wish, subject: Subject) -> str:
    """Do it, and return what has been done, in a sentence; raises Refused."""
    for_everybody, for_one, cascade, also = MUTATIONS[wish.action]
    values: dict[str, Any] = {"plugin": subject.plugin["name"], "reason": wish.reason or None}
    if frame.customer is not None:
        values["customer"] = frame.customer.slug
    if cascade:
        # What has come up between this request's look at the plan and now is refused, and not done.
        names = [subject.plugin["name"], *(step["plugin"]["name"] for step in subject.plan_steps)]
        values |= {cascade: True, "onlyPlugins": list(dict.fromkeys(names))}
    if wish.action == AVAILABILITY or (wish.action == "ENABLE" and frame.customer is None and wish.availability):
        # Null means another thing for everybody: that it is offered.
        unchanged = subject.plugin["availability"] if frame.customer is None else None
        values["availability"] = wish.availability or unchanged
    payload = frame.change(for_everybody if frame.customer is None else for_one, {"input": values})
    return _describe(payload, wish, subject, names=[_name_of(each) for each in payload.get(also, ())])


def _describe(payload: Mapping[str, Any], wish: Wish, subject: Subject, *, names: list[str]) -> str:
    name = subject.plugin["verboseName"]
    if not payload["changed"]:
        return _("Nothing was changed: it was so already.")
    done = {
        ("ENABLE", False): _("%(name)s is enabled for everybody."),
        ("ENABLE", True): _("%(name)s is switched on."),
        ("DISABLE", False): _("%(name)s is disabled for everybody."),
        ("DISABLE", True): _("%(name)s is switched off."),
        ("RESET", True): _("The choice about %(name)s is forgotten."),
        (AVAILABILITY, False): _("What customers may choose about %(name)s is changed."),
        (AVAILABILITY, True): _("What this customer may choose about %(name)s is changed."),
        (RESUME, False): _("%(name)s runs again."),
        (RESUME, True): _("%(name)s runs again."),
    }[wish.action, subject.config is not None] % {"name": name}
    # Not within an f-string, where texts are not found on every Python.
    also = _("Also changed: %(names)s.") % {"names": ", ".join(names)}
    return f"{done} {also}" if names else done


def _name_of(changed: Mapping[str, Any]) -> str:
    plugin = changed.get("plugin", changed)
    return str(plugin["verboseName"])


def _name_plugins(frame: Frame, refusal: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The plugins in the way that the viewer may see, and so can open."""
    if refusal is None or not refusal.get("plugins"):
        return []
    found: list[Mapping[str, Any]] = frame.run("named_plugins", {"names": refusal["plugins"]})["plugins"]["nodes"]
    return found
