"""The audit log as a Django app, for its commands; its tables belong to the app of the plugins."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "webnet.audit"
    label = "webnet_audit"  # A plugin may be called "audit".
    verbose_name = "Audit log"
