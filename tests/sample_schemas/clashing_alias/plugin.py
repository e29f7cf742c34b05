"""Adds a root field whose Python name differs from the shelf's, but not its GraphQL name."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Fields:
    @strawberry.field(name="findShelf")
    def look_for_it(self) -> int:
        return 1


class Plugin(PluginBase):
    name = "clashing_alias"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        return GraphQLExtension(query=Fields)
