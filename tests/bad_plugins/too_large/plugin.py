"""Declares a number that GraphQL can't tell."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "too_large"
    version = "1.0"

    def get_navigation_items(self):
        return [{"label": "Far away", "url": "/far/", "order": 2**40}]
