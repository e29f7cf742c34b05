"""Declares a text that no answer can hold."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "half_character"
    version = "1.0"

    def get_navigation_items(self):
        return [{"label": "Half: \ud800", "url": "/half/"}]
