"""Changes settings of the host: one is set, and to a list of another something is added."""

from django.conf import settings

from webnet.plugins.base import PluginBase

settings.WEBNET_THREADS = 0
settings.MIDDLEWARE.append("nowhere.Middleware")


class Plugin(PluginBase):
    name = "changes_settings"
    version = "1.0"
