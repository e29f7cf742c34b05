"""The form in which people change their own password."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from webnet.console.frame.entry import for_platform
from webnet.console.frame.field_errors import find_errors, status_of
from webnet.console.frame.page_frame import Frame, Refused

SECRETS = ("input.currentPassword", "input.newPassword")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("current_password", "new_password", "new_password_again")
@for_platform
def change_password(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The form; when it is submitted, the password is changed, and sessions in other browsers end."""
    refusal, errors = None, {}
    if request.method == "POST":
        try:
            return _change(request, frame)
        except Refused as refused:
            refusal, errors = refused, find_errors(refused)
            if refused.code == "BAD_CREDENTIALS":
                errors = {"currentPassword": [refused.message]}
    context = {"refusal": refusal, "errors": errors}
    return frame.render("webnet/account/password.html", context, status=status_of(refusal))


def _change(request: HttpRequest, frame: Frame) -> HttpResponse:
    new = request.POST.get("new_password", "")
    # The schema has no second one: it only helps against mistyping.
    if new != request.POST.get("new_password_again", "") and not frame.is_unsent:
        message = _("These are not the same.")
        faults = [{"path": ["input", "newPasswordAgain"], "message": message}]
        raise Refused({"code": "INVALID_INPUT", "message": message, "faults": faults})
    values = {"currentPassword": request.POST.get("current_password", ""), "newPassword": new}
    frame.change("change_password", {"input": values}, secrets=SECRETS)
    messages.success(request, _("Your password was changed. Your sessions in other browsers have ended."))
    return redirect("account")
