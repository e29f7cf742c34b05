"""Calls its mix-in as the root type is called."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Query:
    answer: int = 42


class Plugin(PluginBase):
    name = "called_query"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        return GraphQLExtension(query=Query)
