"""Ends the process in its second migration."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "failing_migration"
    version = "1.0"
