"""Registers the API with Django, for its templates, static files and command."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "webnet.api"
    label = "api"
    verbose_name = "API"

    def ready(self) -> None:
        """Build the schema now, so that plugins whose types don't build have failed before the first request."""
        from webnet.api.schema import full_schema

        full_schema()
