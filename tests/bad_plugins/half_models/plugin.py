"""Has models that raise half-way."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "half_models"
    version = "1.0"
