"""Never comes to this."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "import_error"
    version = "1.0"
