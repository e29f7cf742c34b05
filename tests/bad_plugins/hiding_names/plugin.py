"""Has models that hide what the host's models have."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "hiding_names"
    version = "1.0"
