"""Is never ready."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "raises_in_ready"
    version = "1.0"
