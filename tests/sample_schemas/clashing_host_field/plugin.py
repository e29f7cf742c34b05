"""Adds a field to a type of the host that has one of that name."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Fields:
    slug: str = "mine"


class Plugin(PluginBase):
    name = "clashing_host_field"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        from webnet.sdk import graphql

        return GraphQLExtension(extends={graphql.Customer: Fields})
