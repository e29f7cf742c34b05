"""The plugin as a Django app."""

from django.apps import AppConfig


class ReachabilityConfig(AppConfig):
    """Its label is the prefix of its tables' names."""

    name = "reachability"
    verbose_name = "Reachability"
    default_auto_field = "django.db.models.BigAutoField"
