"""The Django admin's forms for signing in and for passwords, which call the audited writers."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core.exceptions import ValidationError

from webnet.accounts import sessions, users
from webnet.customers.access import Actor
from webnet.customers.models import User
from webnet.errors import Refusal


class SignInForm(AdminAuthenticationForm):
    """Signs in as everywhere: limited, audited, with a new session."""

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if self.request is None or not username or not password:
            return self.cleaned_data
        try:
            self.user_cache = sessions.sign_in(self.request, username=username, password=password)
        except Refusal as refusal:
            raise ValidationError(refusal.message) from refusal
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # Django's class takes no argument at run time
    """Sets somebody's password through the writer, in the name of `actor`."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def save(self, commit: bool = True) -> User:  # noqa: ARG002, FBT001, FBT002 - Django's own signature
        is_usable = self.cleaned_data.get("set_usable_password", True)
        password = self.cleaned_data["password1"] if is_usable else None
        user = users.set_password(actor=self.actor, username=self.user.username, password=password)
        self.user = user
        return user
