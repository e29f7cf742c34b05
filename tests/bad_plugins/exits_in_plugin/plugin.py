"""Ends the process that imports its plugin.py."""

import sys

from webnet.plugins.base import PluginBase

sys.exit(3)


class Plugin(PluginBase):
    name = "exits_in_plugin"
    version = "1.0"
