"""The server as a Django app, for its management commands."""

from django.apps import AppConfig


class ServerConfig(AppConfig):
    """Has no models."""

    name = "webnet.server"
    label = "server"
    verbose_name = "Server"
