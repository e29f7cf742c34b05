"""Never comes to the end of what it declares."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "endless_declaration"
    version = "1.0"

    def get_navigation_items(self):
        return self.get_navigation_items()
