"""The console as a Django app, for its templates and static files."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Has no models: it shows what the other rooms know."""

    name = "webnet.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Try the plugins' pages now: a plugin with one that can't be mounted is set aside before anybody asks."""
        from webnet.console.page_routes import set_aside_unmountable
        from webnet.plugins.registry import registry

        set_aside_unmountable(registry)
