"""Returns something else from get_models() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_models"
    version = "1.0"

    def get_models(self):
        return ["Book"]
