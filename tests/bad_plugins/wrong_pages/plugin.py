"""Returns something else from get_ui_views() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_pages"
    version = "1.0"

    def get_ui_views(self):
        return [("start", "", None)]
