"""Brings an input that the shelf has."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.input
class AddShelfInput:
    size: int


@strawberry.type
class Fields:
    @strawberry.field
    def fits(self, input: AddShelfInput) -> bool:
        return input.size > 0


class Plugin(PluginBase):
    name = "clashing_input"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        return GraphQLExtension(query=Fields)
