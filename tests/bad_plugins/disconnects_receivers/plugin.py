"""Disconnects what others have connected to Django's signals, as soon as all models are there."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "disconnects_receivers"
    version = "1.0"
