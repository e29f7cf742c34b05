"""Everybody who has an account, for platform operators: the list, a new one, and one's memberships and state."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_platform, not_found
from webnet.console.frame.field_errors import find_errors, status_of
from webnet.console.frame.page_frame import Frame, Refused
from webnet.console.frame.paging import read_choice, read_page, read_switch, read_text
from webnet.customers.models import Role

# What the address says of whom to show, and what the filter takes.
ACTIVE = {"yes": True, "no": False}


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@for_platform
def list_users(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The users, who can be searched, and the form for a new one."""
    if not frame.is_platform_operator:
        return not_found(request)
    refusal = None
    if request.method == "POST":
        try:
            return _create(request, frame)
        except Refused as refused:
            refusal = refused
    search, active = read_text(request, "q"), read_choice(request, "active", ACTIVE, label=_("Shown"))
    wanted = {"search": search or None, "isActive": ACTIVE.get(active)}
    users = frame.run("users", {"filter": wanted, **read_page(request)})["users"]
    context = {
        "users": users,
        "search": search,
        "active": active,
        "typed": request.POST,
        "refusal": refusal,
        "errors": find_errors(refusal) if refusal else {},
    }
    return frame.render("webnet/users/list.html", context, status=status_of(refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def show_user(request: HttpRequest, frame: Frame, username: str) -> HttpResponse:
    """One user. One form gives them a role for a customer, and one beside each customer takes it away."""
    refusal = None
    if "\0" in username:  # what no database can search for
        return not_found(request)
    if request.method == "POST" and frame.is_platform_operator:
        try:
            return _change_membership(request, frame, username)
        except Refused as refused:
            refusal = refused
    users = frame.run("user", {"username": username, **read_page(request)})["users"]
    if not users or not users["nodes"]:
        return not_found(request)
    context = {
        "person": users["nodes"][0],
        "roles": [role.name for role in Role],
        "typed": request.POST,
        "refusal": refusal,
    }
    return frame.render("webnet/users/user.html", context, status=status_of(refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def switch_user(request: HttpRequest, frame: Frame, username: str) -> HttpResponse:
    """Asks whether to deactivate or reactivate the user, with what that means."""
    if "\0" in username or not frame.is_platform_operator:
        return not_found(request)
    reason, refusal = request.POST.get("reason", ""), None
    if request.method == "POST":
        wanted = read_switch(request, "active")
        try:
            frame.change("update_user", {"input": {"username": username, "isActive": wanted, "reason": reason}})
        except Refused as refused:
            refusal = refused
        else:
            said = _("%(user)s is active again.") if wanted else _("%(user)s was deactivated.")
            messages.success(request, said % {"user": username})
            return redirect("user", username=username)
    users = frame.run("user", {"username": username, "first": 1})["users"]
    if not users["nodes"]:
        return not_found(request)
    shown = {"person": users["nodes"][0], "reason": reason, "refusal": refusal}
    return frame.render("webnet/users/switch.html", shown, status=status_of(refusal))


def _create(request: HttpRequest, frame: Frame) -> HttpResponse:
    values: dict[str, Any] = {name: request.POST.get(name, "") for name in ("username", "name", "email", "reason")}
    values["password"] = request.POST.get("password") or None
    made = frame.change("create_user", {"input": values}, secrets=["input.password"])["user"]
    messages.success(request, _("The user “%(name)s” was created.") % {"name": made["username"]})
    return redirect("user", username=made["username"])


def _change_membership(request: HttpRequest, frame: Frame, username: str) -> HttpResponse:
    slug = request.POST.get("customer", "").strip()
    wanted = {"customer": slug, "username": username, "reason": request.POST.get("reason", "")}
    names = {"user": username, "customer": slug}
    if request.POST.get("do") == "remove":
        frame.change("remove_member", {"input": wanted})
        messages.success(request, _("%(user)s is no longer a member of %(customer)s.") % names)
    else:
        role = request.POST.get("role", "")
        frame.change("set_member", {"input": {**wanted, "role": role if role in Role.__members__ else "VIEWER"}})
        messages.success(request, _("%(user)s has the role for %(customer)s.") % names)
    return redirect("user", username=username)
