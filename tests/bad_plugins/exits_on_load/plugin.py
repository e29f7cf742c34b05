"""Ends the process that loads it."""

import sys

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "exits_on_load"
    version = "1.0"

    def on_load(self):
        sys.exit("no licence")
