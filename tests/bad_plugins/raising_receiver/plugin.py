"""Raises when anybody's migrations were run."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "raising_receiver"
    version = "1.0"
