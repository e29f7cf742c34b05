"""Adds a check that raises to those that Django's commands make."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "raising_check"
    version = "1.0"
