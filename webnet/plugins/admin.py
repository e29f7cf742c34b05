"""Read-only pages of the Django admin for the tables of plugins; secrets are never shown, not even encrypted."""

from __future__ import annotations

from django.contrib import admin

from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.admin import ReadOnlyAdmin
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth


@admin.register(PluginConfig)
class PluginConfigAdmin(ReadOnlyAdmin):
    """Plugins, as of the last sync."""

    list_display = ("name", "version", "status", "enabled", "availability", "synced_at")
    list_filter = ("status", "enabled", "availability")
    search_fields = ("name", "verbose_name")
    exclude = ("secrets",)


@admin.register(CustomerPluginConfig)
class CustomerPluginConfigAdmin(ReadOnlyAdmin):
    """Customers' choices."""

    list_display = ("plugin", "customer", "enabled", "availability", "updated_at")
    list_filter = ("enabled", "availability")
    list_select_related = ("plugin", "customer")
    search_fields = ("plugin__name", "customer__slug")
    exclude = ("secrets",)


@admin.register(PluginHealth)
class PluginHealthAdmin(ReadOnlyAdmin):
    """Results of health checks."""

    list_display = ("plugin", "customer", "status", "checked_at", "duration_ms")
    list_filter = ("status",)
    list_select_related = ("plugin", "customer")


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    """The number of the last change, for the platform and for each customer."""

    list_display = ("customer", "counter")
    list_select_related = ("customer",)


@admin.register(PluginAuditLog)
class PluginAuditLogAdmin(ReadOnlyAdmin):
    """The audit log, newest first."""

    list_display = ("position", "created_at", "actor_name", "action", "outcome", "plugin_name", "customer_slug")
    list_filter = ("outcome", "action")
    search_fields = ("actor_name", "plugin_name", "customer_slug", "request_id")
    show_full_result_count = False
