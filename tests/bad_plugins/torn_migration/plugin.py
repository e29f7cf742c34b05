"""Has a migration that can't be loaded."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "torn_migration"
    version = "1.0"
