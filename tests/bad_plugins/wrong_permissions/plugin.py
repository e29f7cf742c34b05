"""Returns something else from get_permissions() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_permissions"
    version = "1.0"

    def get_permissions(self):
        return ["read", "write"]
