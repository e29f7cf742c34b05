"""Has template tags of a name that Django has already."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "hiding_tags"
    version = "1.0"
