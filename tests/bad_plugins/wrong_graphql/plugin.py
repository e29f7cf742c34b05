"""Returns something else from get_graphql_schema() than it should."""

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "wrong_graphql"
    version = "1.0"

    def get_graphql_schema(self):
        return "type Query"
