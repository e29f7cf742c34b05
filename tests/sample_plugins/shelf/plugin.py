"""The shelf plugin."""

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "shelf"
    verbose_name = "Shelf"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        from shelf import schema

        return GraphQLExtension(
            query=schema.ShelfQueries, mutation=schema.ShelfMutations, types=(schema.Shelf,), extends=schema.extends
        )
