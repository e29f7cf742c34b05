"""Would show everybody's rows to everybody."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "no_tenancy"
    version = "1.0"
