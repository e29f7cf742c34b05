"""The members of a customer, for its admins: the list, and one member, whose role they change or whom they remove."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, not_allowed, not_found
from webnet.console.frame.field_errors import status_of
from webnet.console.frame.page_frame import CustomerFrame, Refused
from webnet.console.frame.paging import read_choice, read_page, read_text
from webnet.customers.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def list_members(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """The members, which can be searched; platform operators also add somebody who has an account.

    Others are not shown the form: to their `setMember`, accounts of others are as if they did not exist.
    """
    refusal = None
    if request.method == "POST":
        try:
            return _add(frame)
        except Refused as refused:
            refusal = refused
    roles = [each.name for each in Role]
    search, role = read_text(request, "q"), read_choice(request, "role", roles, label=_("Role"))
    found = frame.run("members", {"search": search or None, "role": role or None, **read_page(request)})
    customer = found["currentCustomer"]
    if customer["members"] is None:
        return refuse_members(frame)
    context = {
        "members": customer["members"],
        "viewer": found["viewer"],
        "only_admin": _find_only_admin(customer),
        "roles": roles,
        "search": search,
        "role": role,
        "typed": request.POST or {"role": Role.VIEWER.name},
        "refusal": refusal,
    }
    return frame.render("webnet/customers/members.html", context, status=status_of(refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def show_member(request: HttpRequest, frame: CustomerFrame, username: str) -> HttpResponse:
    """One member. The form has two buttons: one for another role, one to remove them."""
    refusal = None
    if request.method == "POST":
        try:
            return _change(frame, username)
        except Refused as refused:
            refusal = refused
    found = frame.run("member", {"username": username})
    customer = found["currentCustomer"]
    if customer["members"] is None:
        return refuse_members(frame)
    if not customer["members"]["nodes"]:
        return not_found(request)
    [member] = customer["members"]["nodes"]
    context = {
        "member": member,
        "viewer": found["viewer"],
        "is_own": found["viewer"]["user"]["username"] == member["user"]["username"],
        "only_admin": _find_only_admin(customer),
        "roles": [each.name for each in Role],
        "chosen": request.POST.get("role", member["role"]),
        "reason": request.POST.get("reason", ""),
        "refusal": refusal,
    }
    return frame.render("webnet/customers/member.html", context, status=status_of(refusal))


def refuse_members(frame: CustomerFrame) -> HttpResponse:
    """The page for those who may not see the members."""
    return not_allowed(frame, _("Only admins see the members, and change them."))


def _add(frame: CustomerFrame) -> HttpResponse:
    request, slug = frame.request, frame.customer.slug
    wanted = {name: request.POST.get(name, "").strip() for name in ("username", "role", "reason")}
    member = frame.change("set_member", {"input": {"customer": slug, **wanted}})["membership"]
    said = _("%(user)s has the role for %(customer)s.")
    messages.success(request, said % {"user": member["user"]["username"], "customer": frame.customer.name})
    return redirect("members", customer=slug)


def _change(frame: CustomerFrame, username: str) -> HttpResponse:
    request, slug = frame.request, frame.customer.slug
    wanted = {"customer": slug, "username": username, "reason": request.POST.get("reason", "")}
    is_removed = request.POST.get("do") == "remove"
    if is_removed:
        changed = frame.change("remove_member", {"input": wanted})["changed"]
        said = _("%(user)s is no longer a member.") if changed else _("%(user)s was not a member.")
    else:
        frame.change("set_member", {"input": {**wanted, "role": request.POST.get("role", "")}})
        said = _("The role of %(user)s was changed.")
    messages.success(request, said % {"user": username})
    # Whoever has changed themselves may not come back here.
    if username == request.user.get_username() and not frame.is_platform_operator:
        return redirect("home") if is_removed else redirect("customer", customer=slug)
    return redirect("members", customer=slug)


def _find_only_admin(customer: dict[str, Any]) -> str | None:
    admins = customer["admins"]["nodes"]
    return admins[0]["user"]["username"] if len(admins) == 1 else None
