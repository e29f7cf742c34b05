"""The console as a Django app, for its templates and static files."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Has no models."""

    name = "webnet.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Check the plugins' pages at start-up: a plugin with one that can't be mounted is set aside."""
        from webnet.console.dashboard.page_routes import set_aside_unmountable
        from webnet.plugins.registry import registry

        set_aside_unmountable(registry)
