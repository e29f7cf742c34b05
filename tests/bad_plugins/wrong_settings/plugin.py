"""Returns something else from get_settings_schema() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_settings"
    version = "1.0"

    def get_settings_schema(self):
        return [{"type": "object"}]
