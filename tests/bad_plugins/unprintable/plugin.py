"""Raises what no database takes."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "unprintable"
    version = "1.0"

    def on_load(self):
        raise ValueError("\0 and \ud800")
