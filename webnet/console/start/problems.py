"""The things to do, each with what mends it: of the platform or of one's customers, and of one customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, for_platform, not_allowed
from webnet.console.frame.page_frame import CustomerFrame, Frame, Refused
from webnet.console.start.remedies import ACKNOWLEDGE, BUTTONS, CHECK, RESUME, find_links
from webnet.console.words import find_word
from webnet.customers.models import Role

# So many of one's customers are on the start page.
CUSTOMERS_SHOWN = 6
# Longer than any key, name or slug; of a reason, the audit log keeps so much.
LONGEST_VALUE = 1_000
# What a button sends: what to do, about which problem, and why.
FIELDS = ("do", "key", "plugin", "customer", "reason")


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def show_problems(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The start page: what the viewer can do something about, the most urgent first, and their customers."""
    return _answer(request, frame, _show_start)


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def show_customer_problems(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """The problems of one customer, for those who can do something about them."""
    if frame.role is None or not frame.role.includes(Role.OPERATOR):
        return not_allowed(frame, _("Operators and admins see what has to be done here."))
    return _answer(request, frame, _show_of_customer)


def _answer(request: HttpRequest, frame: Frame, show: Callable[..., HttpResponse]) -> HttpResponse:
    """The page; after one of its buttons, the page again by a redirect, or at once with why it was refused."""
    if request.method != "POST":
        return show(frame)
    typed = {name: request.POST.get(name, "").replace("\0", "")[:LONGEST_VALUE] for name in FIELDS}
    try:
        done = _mend(frame, typed)
    except Refused as refused:
        return show(frame, refused=refused, typed=typed, status=422)
    if done is None:
        return show(frame, status=400)
    messages.success(request, done)
    return redirect(request.path)


def _mend(frame: Frame, typed: Mapping[str, str]) -> str | None:
    """Do what the button says, and return what to tell; None if there is no such button."""
    customer, reason = typed["customer"] or None, typed["reason"].strip() or None
    if typed["do"] == ACKNOWLEDGE:
        wanted = {"key": typed["key"], "customer": customer, "reason": reason}
        frame.change("acknowledge_problem", {"input": wanted})
        return _("The others see that you know of it.")
    target = {"plugin": typed["plugin"], "customer": customer, "reason": reason}
    if typed["do"] == RESUME:
        frame.change("resume_plugin", {"input": target})
        return _("It runs again.")
    if typed["do"] == CHECK:
        health = frame.change("check_plugin_health", {"input": target})["health"]
        result = {"plugin": typed["plugin"], "health": find_word(health["status"]), "message": health["message"]}
        return _("Health of %(plugin)s: %(health)s. %(message)s") % result
    return None


def _show_start(frame: Frame, **refusal: Any) -> HttpResponse:
    found = frame.run("problems")
    if not frame.is_platform_operator:
        found |= frame.run("customer_choices", {"first": CUSTOMERS_SHOWN})
    return _render(frame, "webnet/start/start.html", found, **refusal)


def _show_of_customer(frame: Frame, **refusal: Any) -> HttpResponse:
    return _render(frame, "webnet/start/customer_problems.html", frame.run("problems"), **refusal)


def _render(
    frame: Frame,
    template: str,
    found: Mapping[str, Any],
    *,
    refused: Refused | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    problems = _offer_remedies(found["problems"])
    context = {"problems": problems, "customers": found.get("customers"), "refused": refused, "typed": typed}
    # What was refused may be solved meanwhile, and then there is no problem to show the refusal beside.
    keys = {each["problem"]["key"] for each in problems}
    context["is_refused_elsewhere"] = typed is not None and typed["key"] not in keys
    return frame.render(template, context, status=status)


def _offer_remedies(problems: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"problem": problem, "links": find_links(problem), "button": BUTTONS.get(problem["kind"], "")}
        for problem in problems
    ]
