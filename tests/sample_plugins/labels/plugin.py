"""The labels plugin, which needs the shelf."""

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "labels"
    version = "1.0"
    dependencies = ("shelf>=1",)

    def get_graphql_schema(self) -> GraphQLExtension:
        from labels import schema
        from webnet.sdk import graphql

        return GraphQLExtension(query=schema.LabelQueries, extends=graphql.extends(schema.ShelfFields))
