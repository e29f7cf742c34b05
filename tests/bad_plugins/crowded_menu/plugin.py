"""Declares more menu entries than anybody can look at."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "crowded_menu"
    version = "1.0"

    def get_navigation_items(self):
        return [{"label": f"Item {number}", "url": f"/{number}/"} for number in range(20_000)]
