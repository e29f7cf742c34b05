"""Needs 'circle_two', which needs it."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "circle_one"
    version = "1.0"
    dependencies = ("circle_two",)
