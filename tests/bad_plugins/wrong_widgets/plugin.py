"""Returns something else from get_dashboard_widgets() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_widgets"
    version = "1.0"

    def get_dashboard_widgets(self):
        return 42
