"""Registers the API with Django, for its templates, static files and command."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "webnet.api"
    label = "api"
    verbose_name = "API"
    # Set by the command line before Django is set up, for a command that neither serves requests nor asks for plugins.
    needs_schema = True

    def ready(self) -> None:
        """Build the schema now, so that plugins whose types don't build have failed before the first request."""
        if not self.needs_schema:
            return
        from webnet.api.schema import full_schema

        full_schema()
