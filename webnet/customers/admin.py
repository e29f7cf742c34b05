"""How the Django admin shows rows that only writers may change; and the memberships."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from webnet.customers.models import Membership


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class takes no argument at run time
    """Pages to look at, for platform operators; rows are changed by the writers, which audit."""

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
    """Who belongs to whom."""

    list_display = ("user", "customer", "role")
    list_filter = ("role",)
    list_select_related = ("user", "customer")
    search_fields = ("user__username", "customer__slug")
