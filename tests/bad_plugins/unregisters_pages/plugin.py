"""Takes the host's pages out of the admin."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "unregisters_pages"
    version = "1.0"
