"""Brings a type that the host has already."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type(name="Plugin")
class Plugin_:  # noqa: N801 - the other one is below
    colour: str


class Plugin(PluginBase):
    name = "clashing_type"
    version = "1.0"

    def get_graphql_schema(self):
        return GraphQLExtension(types=(Plugin_,))
