"""Brings a type that the shelf has."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Shelf:
    size: int


@strawberry.type
class Fields:
    @strawberry.field
    def best_shelf(self) -> Shelf:
        return Shelf(size=1)


class Plugin(PluginBase):
    name = "clashing_type"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        return GraphQLExtension(query=Fields)
