"""The server as a Django app, for its command `run`."""

from django.apps import AppConfig


class ServerConfig(AppConfig):
    """Has no models: only a command and the two health addresses."""

    name = "webnet.server"
    label = "server"
    verbose_name = "Server"
