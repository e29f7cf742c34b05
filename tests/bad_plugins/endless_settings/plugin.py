"""Has a settings schema that contains itself."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "endless_settings"
    version = "1.0"

    def get_settings_schema(self):
        schema = {"type": "object", "properties": {}}
        schema["properties"]["again"] = schema
        return schema
