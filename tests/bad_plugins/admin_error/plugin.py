"""Has an admin.py that can't be imported."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "admin_error"
    version = "1.0"
