"""The pages of an invitation: one shows who invites the viewer to which customer, the other one accepts it.

The token in the address stays here: the page has nothing of other sites, the Referrer-Policy is "same-origin", the form
sends the token in its body, and a refusal has the status 200, since Django logs the path of an answer with another one.
"""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from webnet.accounts import invitations
from webnet.accounts.authentication import identify_user
from webnet.errors import Refusal
from webnet.values.viewer_language import for_viewer


@require_safe
@never_cache
def show_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The invitation with this token, for the invited person; whoever is signed out signs in first."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    try:
        found = invitations.find(actor=identify_user(request).actor, secret=token)
    except Refusal as refusal:
        return render(request, "webnet/invitation.html", {"error": for_viewer(refusal.message)})
    return render(request, "webnet/invitation.html", {"invitation": found, "token": token})


@require_POST
@never_cache
@sensitive_post_parameters("token")
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Accept the invitation, and go to the customer."""
    token = request.POST.get("token", "")
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("invitation", kwargs={"token": token}) if token else reverse("home"))
    try:
        change = invitations.accept(actor=identify_user(request).actor, secret=token)
    except Refusal as refusal:
        return render(request, "webnet/invitation.html", {"error": for_viewer(refusal.message)})
    return redirect("customer", customer=change.membership.customer.slug)
