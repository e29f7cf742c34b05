"""Declares more menu entries than anybody can wait for."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "counts_to_a_billion"
    version = "1.0"

    def get_navigation_items(self):
        return ({"label": f"Item {number}", "url": f"/{number}/"} for number in range(10**9))
