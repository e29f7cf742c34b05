"""Has settings inside settings inside settings."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "deep_settings"
    version = "1.0"

    def get_settings_schema(self):
        schema = {"type": "string"}
        for _ in range(100):
            schema = {"type": "object", "properties": {"more": schema}}
        return schema
