"""Raises whenever anything happens at all, also while it is off."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "listens_to_all"
    version = "1.0"
