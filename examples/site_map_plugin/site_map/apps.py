"""The plugin as a Django app."""

from django.apps import AppConfig


class SiteMapConfig(AppConfig):
    """Its label is the prefix of its tables' names."""

    name = "site_map"
    verbose_name = "Site Map"
    default_auto_field = "django.db.models.BigAutoField"
