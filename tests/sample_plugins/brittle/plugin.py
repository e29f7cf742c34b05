"""The brittle plugin."""

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "brittle"
    verbose_name = "Brittle"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        from brittle import schema

        return GraphQLExtension(query=schema.BrittleQueries)
