"""Needs 'circle_one', which needs it."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "circle_two"
    version = "1.0"
    dependencies = ("circle_one",)
