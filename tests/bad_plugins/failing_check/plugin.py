"""Has a model that Django's checks refuse."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "failing_check"
    version = "1.0"
