"""Waits, in a declaration, for what never happens."""

from threading import Event

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "never_declares"
    version = "1.0"

    def get_permissions(self):
        Event().wait()
