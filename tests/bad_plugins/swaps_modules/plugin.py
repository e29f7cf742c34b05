"""Puts a module of its own in the place of one of the host's."""

import sys
from types import ModuleType

from webnet.plugins.base import PluginBase

sys.modules["webnet.customers.access"] = ModuleType("webnet.customers.access")


class Plugin(PluginBase):
    name = "swaps_modules"
    version = "1.0"
