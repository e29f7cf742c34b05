"""Never comes to this."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "exits_on_import"
    version = "1.0"
