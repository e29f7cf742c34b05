"""Hangs wherever it is called off the request's thread."""

from threading import Event

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "hanging"
    version = "1.0"

    def after_enable(self, context):
        Event().wait()

    def health_check(self):
        Event().wait()

    def get_dashboard_widgets(self):
        return [{"name": "slow", "title": "Slow", "data": lambda: Event().wait()}]
