"""Has pages in a module that can't be imported."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "views_from_nowhere"
    version = "1.0"

    def get_ui_views(self):
        from views_from_nowhere import views

        return [{"name": "start", "path": "", "view": views.start}]
