"""The base of read-only pages in the Django admin, and the page of memberships."""

# ruff: noqa: ARG002 - Django's signatures

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from webnet.customers.models import Membership


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class takes no argument at run time
    """Read-only pages for platform operators: rows are changed by audited functions only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Memberships: which user has which role for which customer."""

    list_display = ("user", "customer", "role")
    list_filter = ("role",)
    list_select_related = ("user", "customer")
    search_fields = ("user__username", "customer__slug")
