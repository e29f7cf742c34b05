"""The Django admin's pages for users, customers and tokens: to read, and to call the audited writers."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from webnet.accounts import customers, tokens, users
from webnet.accounts.authentication import identify_user
from webnet.accounts.forms import PasswordForm, SignInForm
from webnet.customers.access import Actor
from webnet.customers.admin import ReadOnlyAdmin
from webnet.customers.models import ApiToken, Customer, User
from webnet.errors import Refusal

# The documented way to give the admin another form; the default one would ask a backend that checks no passwords.
admin.site.login_form = SignInForm
# Django's groups grant nothing here, where members have roles; their page would write without an audit.
admin.site.unregister(Group)

PASSWORD_PAGE = "auth_user_password_change"  # noqa: S105 - the name that Django gives to the page


@admin.register(User)
class UserAdmin(ReadOnlyAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # Django's class takes no argument
    """Users: only their passwords can be set here, and they can be let in or out."""

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
        # Django asks for this before it sets a password, the one thing that can be changed here.
        page = request.resolver_match
        return page is not None and page.url_name == PASSWORD_PAGE and self.has_view_permission(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        mine = copy(self)  # the page's form for this request: the admin object itself serves all of them
        mine.change_password_form = partial(PasswordForm, actor=identify_user(request).actor)
        return super(UserAdmin, mine).user_change_password(request, id, form_url)

    @admin.action(description="Let the selected users in again")
    def activate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _call(request, chosen, lambda actor, user: _set_user_active(actor, user, is_active=True))

    @admin.action(description="Deactivate the selected users")
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _call(request, chosen, lambda actor, user: _set_user_active(actor, user, is_active=False))


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers: they can be activated and deactivated."""

    list_display = ("slug", "name", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("slug", "name")
    actions = ("activate", "deactivate")

    @admin.action(description="Activate the selected customers")
    def activate(self, request: HttpRequest, chosen: QuerySet[Customer]) -> None:
        _call(request, chosen, lambda actor, customer: _set_customer_active(actor, customer, is_active=True))

    @admin.action(description="Deactivate the selected customers")
    def deactivate(self, request: HttpRequest, chosen: QuerySet[Customer]) -> None:
        _call(request, chosen, lambda actor, customer: _set_customer_active(actor, customer, is_active=False))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens, without their digests: they can be revoked."""

    list_display = ("prefix", "name", "user", "only_customer", "maximum_role", "last_used_at", "revoked_at")
    list_select_related = ("user", "only_customer")
    search_fields = ("prefix", "name", "user__username")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        _call(request, chosen, lambda actor, token: tokens.revoke(actor=actor, token_id=token.pk).changed)


def own_password(request: HttpRequest) -> HttpResponse:
    """Where "Change password" leads: Django's own page would write the password itself."""
    return redirect(f"admin:{PASSWORD_PAGE}", request.user.pk)


def _set_user_active(actor: Actor, user: User, *, is_active: bool) -> bool:
    return users.set_active(actor=actor, username=user.username, is_active=is_active).changed


def _set_customer_active(actor: Actor, customer: Customer, *, is_active: bool) -> bool:
    return customers.update(actor=actor, customer=customer.slug, is_active=is_active).changed


def _call(request: HttpRequest, chosen: QuerySet[Any], write: Callable[[Actor, Any], bool]) -> None:
    """Write row by row, each an operation of its own, and say what became of them."""
    actor = identify_user(request).actor
    changed_count = 0
    for row in chosen:
        try:
            changed_count += write(actor, row)
        except Refusal as refusal:
            messages.error(request, f"{row}: {refusal.message}")
    messages.info(request, f"Changed: {changed_count}.")
