"""Needs a package that is not there."""

import not_there_at_all  # noqa: F401

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "plugin_import_error"
    version = "1.0"
