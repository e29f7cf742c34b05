"""Changes a table of the host in a migration, so that nobody could sign in any more."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrecking_migration"
    version = "1.0"
