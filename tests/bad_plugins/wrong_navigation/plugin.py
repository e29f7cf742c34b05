"""Returns something else from get_navigation_items() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_navigation"
    version = "1.0"

    def get_navigation_items(self):
        return {"label": "Home", "url": "/"}
