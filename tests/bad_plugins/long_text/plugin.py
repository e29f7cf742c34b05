"""Describes itself in ten million characters."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "long_text"
    version = "1.0"
    description = "blah " * 2_000_000
