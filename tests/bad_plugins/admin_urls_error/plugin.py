"""Has pages in the admin whose addresses can't be made."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "admin_urls_error"
    version = "1.0"
