"""Has template tags that Django imports with those of all others."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "template_tags_error"
    version = "1.0"
