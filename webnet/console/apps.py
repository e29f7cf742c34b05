"""The console as a Django app, for its templates and static files."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Has no models: it shows what the other rooms know."""

    name = "webnet.console"
    label = "console"
    verbose_name = "Console"
