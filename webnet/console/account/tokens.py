"""The signed-in person's API tokens: the list, making one, and revoking one.

The secret of a new token is in the one answer that makes it, and nowhere else: not in the session, a message, an
address or a log. So this form does not redirect; sending it again is refused, since the name is taken.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from webnet.console.frame.entry import for_platform
from webnet.console.frame.field_errors import find_errors, status_of
from webnet.console.frame.page_frame import Frame, Refused
from webnet.console.frame.paging import read_page
from webnet.customers.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def list_tokens(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The person's tokens, and the form for a new one, whose secret is shown when it was submitted."""
    made, refusal = None, None
    if request.method == "POST":
        try:
            made = frame.change("create_api_token", {"input": _read_token(request)})
        except Refused as refused:
            refusal = refused
    viewer = frame.run("own_tokens", read_page(request))["viewer"]
    context = {
        "tokens": viewer["apiTokens"],
        "customers": [each["customer"] for each in viewer["memberships"]["nodes"]],
        "roles": [role.name for role in Role],
        "made": made,
        # What was typed is shown again unless it has been done.
        "typed": {} if made else request.POST,
        "refusal": refusal,
        "errors": find_errors(refusal) if refusal else {},
    }
    return frame.render("webnet/account/tokens.html", context, status=201 if made else status_of(refusal))


@require_POST
@for_platform
def revoke_token(request: HttpRequest, frame: Frame) -> HttpResponse:
    """Revoke one of the person's tokens."""
    revoke(request, frame)
    return redirect("account-tokens")


def revoke(request: HttpRequest, frame: Frame) -> None:
    """Revoke the token that the form names, and leave to the next page what became of it."""
    wanted = {"id": request.POST.get("id", ""), "reason": request.POST.get("reason")}
    try:
        revoked = frame.change("revoke_api_token", {"input": wanted})
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        said = _("The token “%(name)s” was revoked: what uses it is refused from now on.")
        messages.success(request, said % {"name": revoked["apiToken"]["name"]})


def _read_token(request: HttpRequest) -> dict[str, Any]:
    """The input of the mutation. A day means its end."""
    day = request.POST.get("expires_on", "").strip()
    try:
        expires_at = f"{date.fromisoformat(day)}T23:59:59Z" if day else None
    except ValueError as error:
        message = _("This is not a day. Write it as 2030-12-31.")
        faults = [{"path": ["input", "expiresAt"], "message": message}]
        raise Refused({"code": "INVALID_INPUT", "message": message, "faults": faults}) from error
    return {
        "name": request.POST.get("name", ""),
        "expiresAt": expires_at,
        "onlyCustomer": request.POST.get("only_customer", "").strip() or None,
        # What is no role is for the API to refuse: the token would have no limit.
        "maximumRole": request.POST.get("maximum_role") or None,
    }
