"""Has a settings schema that says no more than to look at itself."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "turning_settings"
    version = "1.0"

    def get_settings_schema(self):
        return {"$ref": "#"}
