"""Which role of a customer may do what: the matrix of its plugins' permissions, in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_customer, not_allowed
from webnet.console.frame.field_errors import NOT_ALLOWED, status_of
from webnet.console.frame.page_frame import CustomerFrame, Refused
from webnet.console.frame.paging import ROWS_PER_PAGE, read_text
from webnet.customers.models import Role

# The values of a cell's field, and the decision that each stands for.
DECISIONS = {"default": None, "given": True, "taken": False}
WORDS = {decision: word for word, decision in DECISIONS.items()}
# Refusals that all the other cells would get, too.
OF_ALL = {*NOT_ALLOWED, "NOT_SENT", "CUSTOMER_NOT_FOUND"}
# A cell has two fields: `now:<codename>:<role>` is what was chosen, and `was:…` what the page had shown.
NOW, WAS = "now:", "was:"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A changed cell of the form: the role's decision of the permission of this codename shall be `wanted`."""

    codename: str
    role: str
    wanted: bool | str | None


@require_http_methods(["GET", "HEAD", "POST"])
@for_customer
def show_permissions(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """The matrix; admins change cells of it, one or many at once."""
    if request.method != "POST":
        return _show(frame)
    cells = list(_read_changes(request.POST))
    done, refusals = 0, list[tuple[Cell, Refused]]()
    for cell in cells:
        try:
            _decide(frame, cell)
        except Refused as refused:
            if refused.code in OF_ALL:
                return _show(frame, refused=refused, done=done)
            refusals.append((cell, refused))
        else:
            done += 1
    if refusals:
        return _show(frame, refusals, done=done)
    if done:
        said = ngettext("%(count)d permission was changed.", "%(count)d permissions were changed.", done)
        messages.success(request, said % {"count": done})
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect(request.get_full_path())


def _read_changes(sent: QueryDict) -> Iterator[Cell]:
    """The cells that somebody changed. The others stay, also if another admin has changed them since."""
    for name in sent:
        if not name.startswith(NOW):
            continue
        now = sent.get(name, "")
        cell = name.removeprefix(NOW)
        if now != sent.get(WAS + cell):
            codename, _colon, role = cell.rpartition(":")
            # Anything but a decision is passed on as it is, for the schema to refuse.
            yield Cell(codename=codename, role=role, wanted=DECISIONS.get(now, now))


def _decide(frame: CustomerFrame, cell: Cell) -> None:
    wanted = {
        "customer": frame.customer.slug,
        "permission": cell.codename,
        "role": cell.role,
        "granted": cell.wanted,
        "reason": frame.request.POST.get("reason", ""),
    }
    frame.change("set_role_permission", {"input": wanted})


def _show(
    frame: CustomerFrame,
    refusals: Sequence[tuple[Cell, Refused]] = (),
    *,
    refused: Refused | None = None,
    done: int = 0,
) -> HttpResponse:
    """The matrix, with the answers for each cell that was refused, or why the form was."""
    search = read_text(frame.request, "q")
    customer = frame.run("customer_permissions", {"search": search or None})["currentCustomer"]
    if customer["permissions"] is None:
        return not_allowed(frame, _("Only operators and admins see the permissions; only admins change them."))
    pages = Paginator(customer["permissions"], ROWS_PER_PAGE)
    page = pages.get_page(frame.request.GET.get("page"))
    context = {
        "page": page,
        "plugins": _group(list(page.object_list), frame.request.POST),
        "roles": [each.name for each in Role],
        "search": search,
        "has_search": bool(search) or pages.num_pages > 1,
        "can_change": customer["viewerRole"] == Role.ADMIN.name,
        "reason": frame.request.POST.get("reason", ""),
        "refusal": refused,
        "refusals": refusals,
        "done": done,
    }
    return frame.render("webnet/customers/permissions.html", context, status=422 if refusals else status_of(refused))


def _group(permissions: Sequence[Mapping[str, Any]], typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """By plugin, in order. Each cell has its stored decision, and what was chosen in a form that was refused."""
    groups: dict[str, dict[str, Any]] = {}
    for permission in permissions:
        plugin = permission["plugin"]
        group = groups.setdefault(
            plugin["name"], {"plugin": plugin, "effective": permission["effective"], "permissions": []}
        )
        cells = [
            {
                **grant,
                "name": (name := f"{permission['codename']}:{grant['role']}"),
                "stored": (stored := WORDS[grant["decision"]]),
                "chosen": typed.get(NOW + name, stored),
            }
            for grant in permission["roles"]
        ]
        group["permissions"].append({**permission, "cells": cells})
    return list(groups.values())
