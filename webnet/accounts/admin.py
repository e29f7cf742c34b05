"""The Django admin's pages and forms for users, customers and tokens: read-only, with actions that are audited."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from webnet.accounts import customers, tokens, users
from webnet.accounts.authentication import identify_user
from webnet.customers.access import Actor
from webnet.customers.admin import ReadOnlyAdmin
from webnet.customers.models import ApiToken, Customer, User
from webnet.errors import Refusal

PASSWORD_PAGE = "auth_user_password_change"  # noqa: S105 - Django's name for the page


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # Django's class takes no argument at run time
    """Sets a user's password on behalf of `actor`, audited."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def save(self, commit: bool = True) -> User:  # noqa: ARG002, FBT001, FBT002 - Django's own signature
        is_usable = self.cleaned_data.get("set_usable_password", True)
        password = self.cleaned_data["password1"] if is_usable else None
        user = users.set_password(actor=self.actor, username=self.user.username, password=password)
        self.user = user
        return user


# Django's groups grant nothing here, since members have roles, and their page would write without an audit.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # Django's class takes no argument
    """Users: they can be activated and deactivated, and their passwords can be set."""

    list_display = ("username", "name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "name", "email")
    fieldsets = (
        (None, {"fields": ("username", "name", "email", "password")}),
        ("Access", {"fields": ("is_active", "is_superuser", "is_staff")}),
        ("Times", {"fields": ("date_joined", "last_login")}),
    )
    filter_horizontal = ()
    actions = ("activate", "deactivate")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django requires this permission to set a password, the only thing that can be changed here.
        page = request.resolver_match
        return page is not None and page.url_name == PASSWORD_PAGE and self.has_view_permission(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        # A copy, since this object serves all requests and the form needs to know who makes this one.
        for_request = copy(self)
        for_request.change_password_form = partial(PasswordForm, actor=identify_user(request).actor)
        return super(UserAdmin, for_request).user_change_password(request, id, form_url)

    @admin.action(description="Activate the selected users")
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        _apply(request, queryset, lambda actor, user: _set_user_active(actor, user, is_active=True))

    @admin.action(description="Deactivate the selected users")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        _apply(request, queryset, lambda actor, user: _set_user_active(actor, user, is_active=False))


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers: they can be activated and deactivated."""

    list_display = ("slug", "name", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("slug", "name")
    actions = ("activate", "deactivate")

    @admin.action(description="Activate the selected customers")
    def activate(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        _apply(request, queryset, lambda actor, customer: _set_customer_active(actor, customer, is_active=True))

    @admin.action(description="Deactivate the selected customers")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        _apply(request, queryset, lambda actor, customer: _set_customer_active(actor, customer, is_active=False))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens, without their digests: they can be revoked."""

    list_display = ("prefix", "name", "user", "only_customer", "maximum_role", "last_used_at", "revoked_at")
    list_select_related = ("user", "only_customer")
    search_fields = ("prefix", "name", "user__username")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        _apply(request, queryset, lambda actor, token: tokens.revoke(actor=actor, token_id=token.pk).changed)


def change_own_password(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - as every view
    """Redirect "Change password" to the console's page, since Django's own would write the password itself.

    Also to have it ask for the current one: the page for users' passwords asks for none, not even for one's own.
    """
    return redirect("account-password")


def _set_user_active(actor: Actor, user: User, *, is_active: bool) -> bool:
    return users.set_active(actor=actor, username=user.username, is_active=is_active).changed


def _set_customer_active(actor: Actor, customer: Customer, *, is_active: bool) -> bool:
    return customers.update(actor=actor, customer=customer.slug, is_active=is_active).changed


def _apply(request: HttpRequest, queryset: QuerySet[Any], write: Callable[[Actor, Any], bool]) -> None:
    """Call `write` for each row, as an operation of its own, and show how many rows changed and why others did not."""
    actor = identify_user(request).actor
    changed_count = 0
    for row in queryset:
        try:
            changed_count += write(actor, row)
        except Refusal as refusal:
            messages.error(request, f"{row}: {refusal.message}")
    messages.info(request, f"Changed: {changed_count}.")
