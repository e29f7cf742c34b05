"""Extends a type of a plugin that it does not name as a dependency."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Fields:
    colour: str = "red"


class Plugin(PluginBase):
    name = "foreign"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        from shelf.schema import Shelf

        return GraphQLExtension(extends={Shelf: Fields})
