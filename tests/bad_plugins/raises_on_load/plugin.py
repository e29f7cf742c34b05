"""Raises when it is loaded."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "raises_on_load"
    version = "1.0"

    def on_load(self):
        raise RuntimeError("no licence")
