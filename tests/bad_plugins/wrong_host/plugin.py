"""Is made for another webnet."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_host"
    version = "1.0"
    webnet_version = ">=999"
